// @ts-check
// Loaded where people count as idle after a while without input. How it works: README.md
import { attention } from "./attention.js";
import { stoodStill } from "./clocks.js";

const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "touchmove", "scroll"];
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const FRAMES = ["iframe", "frame", "object", "embed"];

/** @type {import("./types.d.ts").InputOf} */
export function inputOf(env, agent, app, facts, look, signal) {
  const { document, performance } = env, { settings } = agent;
  let last = now(), idle = false;
  let attentive, lived, front, period;
  for (const sign of SIGNS) env.addEventListener(sign, note, { capture: true, passive: true, signal });
  return { mark };

  function note() {
    last = now();
    if (idle) look();
  }

  /** Says in a snapshot whether the person is idle, and in its instant how long there was no input. */
  function mark(snapshot, instant) {
    const { mono } = instant, slept = lived && stoodStill(lived, instant) && Math.abs(instant.at - lived.at) > MINUTE_MS, was = attentive;
    attentive = snapshot.visible && snapshot.focused && !snapshot.locked;
    if (slept || (attentive && was === false)) last = mono;
    else if (attentive && isFrame(document.activeElement)) last = Math.max(last, lastInFrame(mono));
    idle = false;
    if (settings.idle_after_minutes) {
      instant.quiet = Math.min(Math.max(0, mono - last), DAY_MS);
      snapshot.idle = idle = attentive && instant.quiet > settings.idle_after_minutes * MINUTE_MS;
    }
    follow(snapshot, mono, slept ? lived.mono : mono);
    lived = instant;
  }

  /** In a frame nobody but the detector sees input, and that one only that there was some in the last minute. */
  function lastInFrame(mono) {
    const user = facts.userState();
    return !user ? mono : user === "active" ? mono - MINUTE_MS : 0;
  }

  /** Tells what was missed of a case for want of input alone, once that is over. */
  function follow(snapshot, mono, until) {
    const runs = (fact) => attention(app, settings, { ...snapshot, idle: fact }).case;
    const ref = runs(false);
    if (front?.ref !== ref) front = { ref, since: lived ? mono : 0 };
    const missed = idle && !runs(true) ? ref : null;
    if (period && period.case !== missed) {
      agent.dispatchEvent(new CustomEvent("idle", { detail: { ...period, to: serverTime(until) } }));
      period = null;
    }
    if (missed) period ??= { representative: agent.status.representative?.username, case: missed, from: serverTime(Math.max(last, front.since)) };
  }

  function serverTime(mono) {
    return Math.round(settings.zero + mono);
  }

  function now() {
    return Math.round(performance.now());
  }
}

function isFrame(element) {
  return element?.shadowRoot ? isFrame(element.shadowRoot.activeElement) : FRAMES.includes(element?.localName);
}
