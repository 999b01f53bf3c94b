// @ts-check
// <idle-question>: what is to become of time without input. How it works is in README.md
import { currentAgent } from "../agent.js";
import { freshId } from "../outbox.js";
import { questionViewOf, spanText, worksOf } from "./question_view.js";
import { ask } from "./server.js";
import { lookSheet } from "./styles.js";
import { Unanswered, withAsked, withMissed } from "./unanswered.js";
import { languageOf, textsFor } from "./words.js";

const TICK_S = 15;
const NOBODY = ["hidden", "unfocused", "locked", "idle", "stopped"];
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { right: auto; left: 16px; bottom: 48px; z-index: calc(var(--caseclock-z, 900) + 1) }
.question { width: min(30em, 100vw - 32px); border-radius: 12px; padding: 0; gap: .6em }
.question[data-open] { padding: 1em }
.question:not([data-open]) { width: auto; background: none; border: 0; box-shadow: none }
.question:not([data-open]) .button { background: var(--surface); box-shadow: 0 0 3px #0004 }
.question [role=status] { display: block; overflow-wrap: anywhere }
.actions { flex-wrap: wrap }
@media (max-width: 479.98px) { :host { left: 8px; right: 8px; bottom: 68px } .question { width: auto; border-radius: 12px } }
`);

export class IdleQuestionElement extends HTMLElement {
  #texts;
  #view;
  #agent;
  #attached;
  #unanswered = new Unanswered(storageOf());
  #state = { later: false, choosing: false, busy: false, message: "", problem: "" };
  #cameFrom;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }

  async connectedCallback() {
    const { signal } = (this.#attached = new AbortController()), on = { signal };
    this.#agent = await currentAgent();
    this.#texts = await textsFor(languageOf(this));
    if (signal.aborted) return;
    this.#view = questionViewOf({
      keep: () => this.#log("", this.#asked()?.case),
      drop: () => this.#settle(this.#asked(), this.#texts._("Dropped: {time} on {case}.", this.#named(this.#asked()))),
      later: (later) => this.#put({ later }, later ? null : "idle-keep"),
      choose: (choosing) => this.#choose(choosing),
      log: (kind, ref) => this.#log(kind, ref),
    }, this.#texts);
    const inside = /** @type {ShadowRoot} */ (this.shadowRoot);
    inside.adoptedStyleSheets = [lookSheet, sheet];
    inside.replaceChildren(this.#view.root);
    const render = () => this.#render();
    this.#agent.addEventListener("idle", (/** @type {any} */ { detail }) => this.#add(detail), on);
    for (const type of ["status", "settings"]) this.#agent.addEventListener(type, render, on);
    window.addEventListener("storage", ({ key }) => this.#unanswered.isKey(key) && render(), on);
    this.addEventListener("focusin", ({ relatedTarget }) => (this.#cameFrom = relatedTarget ?? this.#cameFrom), on);
    const timer = setInterval(() => this.#tick(), TICK_S * 1000);
    signal.addEventListener("abort", () => clearInterval(timer));
    const theme = new MutationObserver(render);
    theme.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
    signal.addEventListener("abort", () => theme.disconnect());
    render();
  }

  disconnectedCallback() {
    this.#attached?.abort();
  }

  get #who() {
    return this.#agent.status.representative;
  }

  get #isSomebodyThere() {
    return !NOBODY.includes(this.#agent.status.reason);
  }

  get #mayLog() {
    const { role = "representative" } = this.#who ?? {};
    return this.#agent.settings.allow_time_logs !== false || role !== "representative";
  }

  #list() {
    return this.#agent.settings.idle_after_minutes ? this.#unanswered.of(this.#who?.username) : [];
  }

  #asked() {
    return this.#list()[0] ?? null;
  }

  /** The clock of a case that is resolved would not have run. */
  async #add(missed) {
    const { representative } = missed;
    if (!representative) return;
    const id = freshId();
    this.#unanswered.keep(representative, withMissed(this.#unanswered.of(representative), missed, id));
    this.#put({ later: false });
    const time = await ask(this.#agent, `${pathOf(missed.case)}/handling-time`).catch(() => null);
    if (time?.status === "resolved") this.#remove(id, representative);
  }

  async #choose(choosing) {
    this.#put({ choosing, problem: "" }, choosing ? "idle-kind" : "idle-log-as");
    if (!choosing) return;
    const found = await ask(this.#agent, "cases?status=active&limit=100", undefined, this.#texts).catch(() => null);
    this.#view.offer(found?.items ?? []);
  }

  /** Logs it under the name of the question: however often it is sent, it is logged once. */
  async #log(kind, ref) {
    const { _ } = this.#texts, question = this.#asked(), work = worksOf(_)[kind];
    if (!question || this.#state.busy) return;
    this.#change((list) => list.map((one) => (one.id === question.id ? { ...one, sent: true } : one)));
    this.#put({ busy: true, problem: "" });
    const isActivity = kind && !work, plain = _("Time without input");
    try {
      await ask(this.#agent, `${pathOf(ref || question.case)}/${isActivity ? "activities" : "time-logs"}`, {
        client_id: question.id,
        worked_at: new Date(question.from).toISOString(),
        duration_seconds: Math.max(1, Math.floor((question.to - question.from) / 1000)),
        description: work ? _("{work}, without input", { work }) : plain,
        ...(isActivity && { kind }),
      }, this.#texts);
      this.#settle(question, _("Logged: {time} on {case}.", { ...this.#named(question), case: ref || question.case }));
    } catch (error) {
      const { status, message } = /** @type {any} */ (error);
      if (status === 409) this.#settle(question, message);
      else this.#put({ busy: false, problem: status ? message : _("The server does not answer. Try again: it is logged once only.") });
    }
  }

  #named(question) {
    return question && { time: spanText(question.to - question.from, this.#texts.locale), case: question.case };
  }

  #settle(question, message) {
    if (question) this.#remove(question.id, this.#who?.username);
    const hadFocus = !!this.shadowRoot?.activeElement;
    this.#put({ choosing: false, busy: false, problem: "", message });
    if (!hadFocus) return;
    if (this.#asked()) this.#view.parts["idle-keep"].focus();
    else this.#goBack();
  }

  #remove(id, who) {
    this.#unanswered.keep(who, this.#unanswered.of(who).filter((one) => one.id !== id));
    this.#render();
  }

  #change(how) {
    const who = this.#who?.username;
    if (who) this.#unanswered.keep(who, how(this.#unanswered.of(who)));
  }

  /** It is asked for as long as somebody is there who could answer; what is being written is not taken away. */
  #tick() {
    const question = this.#asked(), { choosing, busy } = this.#state;
    if (this.#state.message) this.#put({ message: "" });
    if (!question || choosing || busy || !this.#isSomebodyThere) return;
    this.#change((list) => withAsked(list, TICK_S));
    const isOver = this.#asked()?.id !== question.id;
    if (isOver) this.#settle(null, this.#mayLog ? this.#texts._("Not answered, so dropped: {time} on {case}.", this.#named(question)) : "");
    else this.#render();
  }

  /** The focus goes with it only where it was in here. */
  #put(change, focus) {
    Object.assign(this.#state, change);
    this.#render();
    if (focus) this.#view?.parts[focus].focus();
    else if (change.later) this.#goBack();
  }

  #goBack() {
    if (this.#cameFrom?.isConnected) this.#cameFrom.focus();
    else if (this.#state.later) this.#view.parts["idle-open"].focus();
  }

  #render() {
    if (!this.#view) return;
    const [question = null, ...more] = this.#isSomebodyThere ? this.#list() : [];
    if (!question) this.#state.choosing = false;
    this.#view.render({
      ...this.#state,
      question,
      more: more.length,
      mayLog: this.#mayLog,
      theme: (this.closest("[data-bs-theme]") ?? document.documentElement).getAttribute("data-bs-theme"),
      now: Date.now(),
    });
  }
}

function pathOf(ref) {
  return `cases/${ref.split("/").map(encodeURIComponent).join("/")}`;
}

function storageOf() {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

customElements.get("idle-question") ?? customElements.define("idle-question", IdleQuestionElement);
document.querySelector("idle-question") ?? document.body.append(document.createElement("idle-question"));
