// @ts-check
// Loads into a place of the page. What hinders it is said there; while the server is away, it is tried again by itself.
import { fill, h } from "/static/dom.js";
import { second } from "/static/format.js";
import { ApiError, isAway } from "/static/http.js";
import { _ } from "/static/i18n.js";
import { Retry } from "/static/retry.js";

const AWAY = _("The server cannot be reached. This loads by itself as soon as it is back.");
/** A try that takes longer is shown. */
const SLOW_MS = 300;

export class Loader {
  #place;
  #shows;
  #landing;
  #retry;
  #text = h("p", { role: "alert" });
  #again = h("button", { type: "button", class: "btn btn-sm btn-outline-secondary", "data-testid": "retry", onclick: () => this.#askAgain() }, _("Try again"));
  #tried = h("p", { class: "notice-more", "aria-live": "off", "data-testid": "tried" });
  #notice = h("div", { class: "notice", "data-testid": "load-notice" }, this.#text, this.#again, this.#tried);
  #asked = false;
  #isFocused = false;
  #slow = 0;

  /**
   * @param {object} options
   * @param {Element} options.place
   * @param {(signal: AbortSignal) => Promise<void>} options.load fetches, and fills the place
   * @param {() => HTMLElement | null} options.landing gets the focus that was on *Try again*, once that is gone
   * @param {() => boolean} [options.shows] whether the place is free for what went wrong
   */
  constructor({ place, load, landing, shows = () => true }) {
    this.#place = place;
    this.#landing = landing;
    this.#shows = shows;
    this.#retry = new Retry({ act: load, passes: isAway, wanted: () => place.isConnected, tell: (state, error) => this.#hear(state, error) });
  }

  /** Load now, and until it is there; what is under way is dropped. */
  run() {
    return this.#retry.run();
  }

  /** Whether the place says what went wrong. */
  get isHindered() {
    return this.#place.contains(this.#notice);
  }

  /** Whether an answer is on its way. */
  get isTrying() {
    return this.#retry.isTrying;
  }

  #askAgain() {
    this.#asked = true;
    this.run();
  }

  /** @param {import("/static/retry.js").State} state @param {unknown} error */
  #hear(state, error) {
    clearTimeout(this.#slow);
    if (state === "trying") this.#begin();
    else if (state === "done") this.#land();
    else if (this.#shows()) this.#complain(state === "waiting", error);
  }

  #begin() {
    this.#isFocused = document.activeElement === this.#again;
    this.#slow = window.setTimeout(() => fill(this.#tried, h("span", { class: "spinner", "aria-hidden": "true" }), _("Trying …")), SLOW_MS);
  }

  /** Said aloud once, and again to whoever asked. @param {boolean} goesOn @param {unknown} error */
  #complain(goesOn, error) {
    const text = goesOn ? AWAY : error instanceof Error ? error.message : String(error);
    if (this.#asked || this.#text.textContent !== text) this.#text.textContent = text;
    this.#asked = false;
    this.#notice.classList.toggle("notice-warning", goesOn);
    this.#notice.classList.toggle("notice-danger", !goesOn);
    this.#again.hidden = error instanceof ApiError && error.status === 404;
    fill(this.#tried, _("Last tried at {time}", { time: second(Date.now()) }));
    if (!this.isHindered) fill(this.#place, this.#notice);
  }

  #land() {
    this.#notice.remove();
    if (!this.#isFocused || document.activeElement !== document.body) return;
    const element = this.#landing();
    if (element && element.tabIndex < 0) element.tabIndex = -1;
    element?.focus();
  }
}
