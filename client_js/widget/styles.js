// @ts-check
/** The look of the widget. Hosts may set the properties that begin with `--caseclock-`. */

import { NARROW } from "./place.js";

const WIDGET = `
:host {
  all: initial; visibility: inherit; display: block; position: fixed; right: var(--right, 16px); bottom: var(--bottom, 16px);
  z-index: var(--caseclock-z, 900); max-width: calc(100vw - 32px);
  font: var(--caseclock-font-size, max(.875rem, 13px))/1.45 var(--caseclock-font, system-ui, sans-serif);
}
:host([hidden]) { display: none }
.root {
  color-scheme: light dark;
  --surface: var(--caseclock-surface, light-dark(#fff, #1d232b));
  --text: var(--caseclock-text, light-dark(#1b2430, #e8ecf1));
  --accent: var(--caseclock-accent, light-dark(#0b5cad, #7ab7ff));
  --on-accent: var(--caseclock-on-accent, light-dark(#fff, #0b1a2b));
  --muted: light-dark(#556070, #a6b0bd); --line: light-dark(#d5dbe3, #3b4551); --edge: light-dark(#7a8594, #8490a0);
  --soft: light-dark(#f2f5f8, #262e38); --go: light-dark(#146c43, #5fd39a); --bad: light-dark(#b02a37, #ff9aa2);
  --warn: light-dark(#664d03, #ffda6a); --warn-soft: light-dark(#fff3cd, #3a3012);
  color: var(--text);
}
.root[data-theme=light] { color-scheme: light }
.root[data-theme=dark] { color-scheme: dark }
* { box-sizing: border-box; margin: 0; padding: 0 }
[hidden] { display: none !important }
svg { width: 1em; height: 1em; flex: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }
button, input, textarea { font: inherit; color: inherit }
button { cursor: pointer }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }

.panel, .pill { background: var(--surface); border: 1px solid var(--line); box-shadow: 0 4px 18px #0003, 0 1px 3px #0002 }
.panel { width: 21em; max-width: 100%; max-height: min(40em, calc(100vh - 32px)); border-radius: var(--caseclock-radius, 12px); display: flex; flex-direction: column; overflow: hidden }
.pill { display: flex; align-items: center; gap: .5em; min-height: 40px; padding: .35em .9em; border-radius: 999px }
.pill strong, .total, .number { font-variant-numeric: tabular-nums }
.pill strong { font-size: 1.1em }
header { display: flex; align-items: center; padding: .55em .5em 0 1em }
h2 { flex: 1; font-size: 1em; font-weight: 600 }
.body { overflow-y: auto; overscroll-behavior: contain; padding: 0 1em .8em; display: grid; gap: .7em }
.icon { display: inline-grid; place-items: center; width: 32px; height: 32px; border: 0; border-radius: 8px; background: none; color: var(--muted) }
.icon:hover { background: var(--soft) }

.total { display: block; font-size: 2.3em; line-height: 1.15; font-weight: 600; letter-spacing: -.01em }
.state { display: flex; align-items: center; gap: .45em; color: var(--muted) }
.running { color: var(--go) }
.running .dot { fill: currentColor; stroke: none; animation: pulse 2s ease-in-out infinite }
@keyframes pulse { 50% { opacity: .35 } }
.notes { list-style: none; display: grid; gap: .35em }
.notes li { padding: .35em .6em; border-radius: 6px; background: var(--warn-soft); color: var(--warn) }
.notes:empty, .result:empty, .problem:empty, .echo:empty { display: none }

.switch { display: flex; align-items: center; gap: .6em; min-height: 28px; width: fit-content; cursor: pointer }
.switch input { appearance: none; width: 2.3em; height: 1.3em; border: 1px solid var(--edge); border-radius: 9em; background: var(--soft); display: flex; align-items: center; padding: 0 2px; cursor: pointer }
.switch input::before { content: ""; width: .9em; height: .9em; border-radius: 50%; background: var(--edge); transition: transform .15s }
.switch input:checked { background: var(--accent); border-color: var(--accent) }
.switch input:checked::before { background: var(--on-accent); transform: translateX(.92em) }

dl { display: grid; grid-template-columns: 1fr auto; gap: .15em 1em; padding: .55em .75em; border-radius: 8px; background: var(--soft) }
dd { text-align: right }
.part { padding-left: 1em; color: var(--muted) }
h3 { font-size: .9em; font-weight: 600; color: var(--muted); margin-bottom: .3em }
ul { list-style: none }
.people { display: grid; gap: .4em; max-height: 11.5em; overflow-y: auto }
.people li { display: grid; grid-template-columns: 2em 1fr auto; gap: 0 .6em; align-items: center; line-height: 1.25 }
.people .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.people small { grid-column: 2 / -1; color: var(--muted); font-size: .86em }
.avatar { grid-row: span 2; width: 2em; height: 2em; border-radius: 50%; display: grid; place-items: center; font-size: .95em; font-weight: 600; color: #fff; background: #3b5b7d }
.avatar[data-tint="1"] { background: #7a4a1d } .avatar[data-tint="2"] { background: #2f6b4f }
.avatar[data-tint="3"] { background: #7b3f73 } .avatar[data-tint="4"] { background: #4d4a9c } .avatar[data-tint="5"] { background: #8a3340 }

.foot { display: flex; align-items: center; gap: .5em; color: var(--muted); font-size: .92em }
.foot span { flex: 1 }
.actions { display: flex; flex-wrap: wrap; gap: .5em }
.button { display: inline-flex; align-items: center; justify-content: center; gap: .4em; min-height: 32px; padding: .25em .8em; border: 1px solid var(--edge); border-radius: 8px; background: none; color: var(--text) }
.button:hover { background: var(--soft) }
.button:disabled { opacity: .6; cursor: progress }
.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
.primary:hover { background: var(--accent); filter: brightness(1.08) }
.hint { color: var(--muted); font-size: .92em }
.busy svg { animation: turn 1s linear infinite }
@keyframes turn { to { transform: rotate(1turn) } }

form { display: grid; gap: .6em; padding: .75em; border: 1px solid var(--line); border-radius: 8px }
label { display: grid; gap: .15em }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: .6em; align-items: start }
input:not([type=checkbox]), textarea { width: 100%; min-width: 0; min-height: 34px; padding: .3em .5em; border: 1px solid var(--edge); border-radius: 6px; background: var(--surface) }
textarea { resize: vertical; min-height: 4.2em }
::placeholder { color: var(--muted); opacity: 1 }
[aria-invalid=true] { border-color: var(--bad) !important }
.problem { color: var(--bad); font-size: .92em }
.echo { color: var(--go); font-size: .92em }
.result { font-size: .92em; color: var(--muted) }
.result.failed { color: var(--bad) }

details { border-top: 1px solid var(--line); padding-top: .5em }
summary { cursor: pointer; font-weight: 600; min-height: 24px }
.history { display: grid; gap: .7em; padding-top: .5em }
.history li { display: grid; grid-template-columns: 1fr auto; gap: 0 .8em; padding: .25em 0 }
.history small { grid-column: 1 / -1; color: var(--muted); overflow-wrap: anywhere; white-space: pre-line }

@media ${NARROW} {
  :host { left: 0; right: 0; bottom: 0; max-width: none }
  .panel { width: 100%; max-height: 75vh; border-radius: 14px 14px 0 0; border-width: 1px 0 0 }
  .body { padding-bottom: calc(.8em + env(safe-area-inset-bottom)) }
  .pill { width: 100%; min-height: 48px; border-radius: 14px 14px 0 0; border-width: 1px 0 0; padding: .35em 1em calc(.35em + env(safe-area-inset-bottom)) }
  .pill .word { flex: 1; text-align: left }
  .icon, .button, .switch { min-height: 44px } .icon { width: 44px }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important } }
@media print { :host { display: none } }
`;

/** On a narrow screen the form ends above the pill, so that its buttons are never under it. */
const ROOM = `@media ${NARROW} { [data-caseclock-room] { padding-block-end: calc(64px + env(safe-area-inset-bottom)) !important } }`;

/** Style sheets of the kind that a content security policy does not hold up. @param {string} css */
function sheetOf(css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}

/** @type {CSSStyleSheet | undefined} */
let look;
/** @type {CSSStyleSheet | undefined} */
let room;

export const lookSheet = () => (look ??= sheetOf(WIDGET));

/** Gives the page, or the shadow tree that the form is in, the rule that keeps room. @param {Node} root */
export function keepRoom(root) {
  room ??= sheetOf(ROOM);
  const { adoptedStyleSheets } = /** @type {Document} */ (root);
  if (adoptedStyleSheets && !adoptedStyleSheets.includes(room)) adoptedStyleSheets.push(room);
}
