// @ts-check
/** @type {import("./types.d.ts").StoodStill} */
export function stoodStill(last, now, visible = true) {
  const wall = now.at - last.at, mono = now.mono - last.mono;
  return Math.abs(wall - mono) > 2000 || (visible && Math.min(wall, mono) > 6000);
}
