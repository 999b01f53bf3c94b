// @ts-check
import { NARROW } from "./place.js";

const LOOK = `
:host {
  all: initial; visibility: inherit; position: fixed; right: var(--right, 16px); bottom: var(--bottom, 16px); z-index: var(--caseclock-z, 900);
  font: max(.875rem, 13px)/1.4 var(--caseclock-font, system-ui, sans-serif);
}
:host([hidden]), [hidden], li:has(form) > div { display: none !important }
.root {
  color-scheme: light dark;
  --surface: var(--caseclock-surface, light-dark(#fff, #1d232b));
  --accent: var(--caseclock-accent, light-dark(#0b5cad, #7ab7ff));
  --on-accent: var(--caseclock-on-accent, light-dark(#fff, #0b1a2b));
  --text: var(--caseclock-text, light-dark(#1b2430, #e8ecf1));
  --muted: light-dark(#556070, #a6b0bd);
  --edge: light-dark(#7a8594, #8490a0);
  --soft: light-dark(#f1f4f8, #262e38);
  --go: light-dark(#146c43, #5fd39a);
  --bad: light-dark(#b02a37, #ff9aa2);
  color: var(--text);
}
[data-theme=light] { color-scheme: light }
[data-theme=dark] { color-scheme: dark }
* { box-sizing: border-box; margin: 0; padding: 0; font: inherit; color: inherit; border-radius: 8px }
ul { list-style: none }
svg { width: 1em; height: 1em; flex: none; fill: none; stroke: currentColor; stroke-width: 2 }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.panel, .pill { background: var(--surface); border: 1px solid var(--soft); box-shadow: 0 4px 18px #0003, 0 0 3px #0004; max-width: calc(100vw - 32px) }
.panel { width: 21em; max-height: min(42em, 100vh - 32px); border-radius: 12px; display: flex; flex-direction: column }
.body { overflow-y: auto; overscroll-behavior: contain; padding: 0 1em 1em; display: grid; gap: .7em }
header, .state, .switch, .actions, .pill { display: flex; align-items: center; gap: .5em }
header { padding: .4em .5em 0 1em }
h2 { flex: 1 }
h2, h3, i, strong, summary { font-weight: 600 }
dd { text-align: right }
dd, b, strong, small { font-variant-numeric: tabular-nums }
.total { font-size: 2.3em; line-height: 1.15 }
.state, .hint, small, h3, dt:nth-of-type(n+3), dd:nth-of-type(n+3) { color: var(--muted) }
.hint, .problem, .echo, h3, i { font-size: .92em }
small { font-size: .86em }
[data-sign=running], .echo { color: var(--go) }
[data-sign=running] svg { fill: currentColor; animation: pulse 2s infinite }
@keyframes pulse { 50% { opacity: .35 } }
.problem { color: var(--bad) }
p:empty, h3:empty, ul:empty, div:empty, .people:not(:has(li)) { display: none }
.notes li { margin-top: .3em; padding: .3em .6em; color: light-dark(#664d03, #ffda6a); background: light-dark(#fff3cd, #3a3012) }
dl { display: grid; grid-template-columns: 1fr auto; padding: .5em .75em; background: var(--soft) }
dt:nth-of-type(n+3) { padding-left: 1em }
.switch { width: fit-content; min-height: 28px }
.switch, button, summary { cursor: pointer }
.switch input { appearance: none; width: 2.3em; height: 1.3em; border: 1px solid var(--edge); border-radius: 1em }
.switch input::before { content: ""; display: block; width: .9em; height: .9em; margin: calc(.2em - 1px); border-radius: 1em; background: var(--edge) }
.switch :checked { background: var(--accent) }
.switch :checked::before { background: var(--on-accent); margin-left: calc(1.2em - 1px) }
.people ul { max-height: 12em; overflow-y: auto }
li:has(b) { display: grid; grid-template-columns: 1fr auto; gap: 0 .7em; padding: .2em 0; line-height: 1.3; overflow-wrap: anywhere }
.people li { grid-template-columns: auto 1fr auto; align-items: center }
small { grid-column: -3 / -1; white-space: pre-line }
li > form, li > .actions, li > details { grid-column: 1 / -1; margin: .3em 0 }
form.actions { padding: 0; border: 0 }
li .button:not(form:not(.actions) *) { min-height: 26px; padding: 0 .7em; font-size: .86em }
details details { font-size: .86em; color: var(--muted) }
i { grid-row: span 2; width: 2.3em; line-height: 2.3em; text-align: center; border-radius: 50%; background: var(--soft) }
.button { min-height: 32px; padding: .2em .8em; border: 1px solid var(--edge); background: none }
.button:hover, .icon:hover { background: var(--soft) }
.button:disabled { opacity: .6 }
.button.primary { background: var(--accent); color: var(--on-accent) }
.icon { border: 0; min-width: 32px; min-height: 32px; background: none }
.pill { min-height: 40px; padding: 0 1em; border-radius: 2em }
form { display: grid; gap: .5em; padding: .75em; border: 1px solid var(--edge) }
.two { display: grid; grid-template-columns: 8fr 7fr; gap: .5em; align-items: end }
.two * { min-width: 0 }
.two input { padding-inline: .3em !important }
label > :not([type=checkbox]) { display: block; width: 100%; min-height: 34px; padding: .3em .5em; border: 1px solid var(--edge); background: none; resize: vertical }
::placeholder { color: var(--muted) }
[aria-invalid] { border-color: var(--bad) !important }
.button + .hint { margin-top: .3em }
details h3 { margin-top: .7em }
details ul:empty { display: block }
details ul:empty::before { content: attr(data-none) }
@media ${NARROW} {
  :host { left: 0; right: 0; bottom: 0 }
  .panel, .pill { width: 100%; max-width: none; border-radius: 14px 14px 0 0; padding-bottom: env(safe-area-inset-bottom) }
  .panel { max-height: 75vh }
  .pill .state { flex: 1 }
  button, .switch { min-height: 44px !important; min-width: 44px !important }
}
@media (prefers-reduced-motion) { * { animation: none !important } }
@media print { :host { display: none } }
`;

const ROOM = `@media ${NARROW} { [data-caseclock-room] { padding-block-end: calc(60px + env(safe-area-inset-bottom)) !important } }`;

/** Sheets of the kind that a content security policy lets pass. */
export const [lookSheet, roomSheet] = [LOOK, ROOM].map((css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
});
