// @ts-check
/** Whether it slept, or a clock was set. @type {import("./types.d.ts").StoodStill} */
export function stoodStill(last, now) {
  const wall = now.at - last.at, mono = now.mono - last.mono;
  return Math.abs(wall - mono) > 2000 || Math.min(wall, mono) > 6000;
}
