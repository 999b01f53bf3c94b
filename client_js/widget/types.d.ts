// The shapes inside the handling-time widget. Types only: nothing here is loaded at run time.

import type { AgentStatus, Missed } from "../types.d.ts";

export interface Share { username: string; name: string; automatic_seconds: number; manual_seconds: number }

/** The body of `GET .../handling-time`. */
export interface HandlingTime {
  case: string;
  status: string;
  total_seconds: number;
  automatic_seconds: number;
  manual_seconds: number;
  time_log_seconds: number;
  activity_seconds: number;
  /** Logged by hand and tracked too, by the same person; unless it is counted, `manual_seconds` is without it. */
  overlap_seconds: number;
  overlap_counted: boolean;
  updated_at: string;
  representatives: Share[];
}

export interface Correction { author: string; author_name: string; created_at: string; before_seconds: number; after_seconds: number; reason: string }
interface Row { representative: string; name: string; duration_seconds: number; editable: boolean }
/** `corrections`: the newest first. */
export interface Automatic extends Row { measured_seconds: number; correction_seconds: number; corrections: Correction[] }
/** Activities have `kind` and `subject`. `has_start`: the work began at `worked_at`; else only its day is known. */
export interface Entry extends Row { id: number; worked_at: string; has_start: boolean; overlap_seconds: number; description: string; kind?: string; subject?: string }

/** The body of `GET .../history`. */
export interface History { automatic: Automatic[]; time_logs: Entry[]; activities: Entry[] }

/** What people may change, as the server names it below the case. */
export type Changed = "automatic-time" | "time-logs" | "activities";
/** Tells the server; throws a `ServerProblem`. */
export type Change = (method: "POST" | "PATCH" | "DELETE", path: string, body?: object) => Promise<void>;

/** What a form is opened for. With `activities` and no `values` it offers time logs too. */
export interface FormAsked {
  into: HTMLElement;
  what: Changed;
  /** What is edited or corrected. */
  values?: Partial<Entry & Automatic>;
  label: string;
  test: string;
  change: Change;
  /** It was saved or cancelled. */
  closed(): void;
}
export interface OpenForm { root: HTMLElement; close(): void }
export type FormOf = (asked: FormAsked, texts: Texts) => OpenForm;
export type NotesOf = (row: Partial<Entry & Automatic & { isLeftOut: boolean }>, texts: Texts) => string[];
/** `own`: only what is of the person who is looking. */
export type HistoryPanel = (
  on: { details: HTMLDetailsElement; open(asked: FormAsked): void; change: Change }, texts: Texts,
) => { render(shown: Shown, own: boolean): void };

export interface Settings { enabled: boolean; allow_time_logs: boolean; show_only_own_time: boolean; allow_my_time: boolean }

export interface ClockState { sign: "running" | "standing" | "resolved" | "off"; short: string; text: string; notes: string[] }

/** The texts of one language. */
export interface Texts {
  /** The tag of the language. */
  lang: string;
  /** How dates and numbers are written: as the browser's owner does, if that is in this language. */
  locale: string;
  /** A text, its `{name}` filled in. */
  _(text: string, values?: Record<string, unknown>): string;
  /** A text for that number, `{n}`. */
  ngettext(one: string, many: string, n: number, values?: Record<string, unknown>): string;
}

/** What a module of texts holds: by the English text, the plural forms as a list. */
export interface Catalogue { texts?: Record<string, string | string[]>; plural?: (n: number) => number }
export type TextsIn = (lang: string, catalogue?: Catalogue) => Texts;
export type TextsFor = (tag: string) => Texts | Promise<Texts>;

/** Time that was missed and waits for an answer; its `id` names the entry that may come of it. `asked`: for how many seconds; `sent`: an answer may be with the server. */
export interface Question extends Omit<Missed, "representative"> { id: string; asked: number; sent: boolean }
export type WithMissed = (list: Question[], missed: Missed, id: string) => Question[];
export type WithAsked = (list: Question[], seconds: number) => Question[];

/** All that the view of a question needs to know. */
export interface Asked {
  /** Null where there is none, or nobody is there who could answer. */
  question: Question | null;
  /** How many more wait behind it. */
  more: number;
  /** People may log time here; else they are told only. */
  mayLog: boolean;
  /** It was put aside on this page. */
  later: boolean;
  /** Another way to log it is being chosen. */
  choosing: boolean;
  busy: boolean;
  /** What came of the last answer. */
  message: string;
  problem: string;
  theme?: string | null;
  now: number;
}
export interface Answers { keep(): void; drop(): void; later(on: boolean): void; choose(on: boolean): void; log(kind: string, ref: string): void }
export type QuestionViewOf = (answers: Answers, texts?: Texts) => {
  root: HTMLElement;
  parts: Record<string, any>;
  render(asked: Asked): void;
  /** Cases to choose from. */
  offer(cases: { ref: string; title: string }[]): void;
};

/** All that the view needs to know. */
export interface Shown {
  ref: string;
  time: HandlingTime | null;
  clock: ClockState;
  /** *My time* is on: the total ticks. */
  mine: boolean;
  /** The administrator shows people their own time only. */
  ownOnly: boolean;
  offersMine: boolean;
  offersLog: boolean;
  offersLock: boolean;
  collapsed: boolean;
  busy: boolean;
  /** The username of who is looking. */
  me?: string;
  history: History | null;
  /** What came of the last act; an `Error` if it went wrong. */
  result: { message: string } | null;
  theme?: string | null;
  now: number;
}

export interface Acts {
  mine(on: boolean): void;
  collapse(on: boolean): void;
  refresh(): void;
  lock(): void;
  history(): Promise<void>;
  /** Does it, and says what goes wrong. */
  attempt(act: () => Promise<void>): void;
  change: Change;
}

export interface Box { left: number; top: number; right: number; bottom: number }

export type ParseDuration = (typed: string, texts?: Texts) => { seconds: number; problem?: undefined } | { seconds?: undefined; problem: string };
/** `offline`: the connection has been gone for a while. */
export type ClockStateOf = (ref: string, status: AgentStatus | null | undefined, known: { resolved: boolean; offline: boolean; enabled: boolean }, texts?: Texts) => ClockState;
export interface Size { width: number; height: number }

/** The right and bottom edge for a box of this size in what can be seen of the form (all of the view, if the form is empty); null where nothing can. */
export type CornerOf = (form: Box, view: Size, size: Size) => { right: number; bottom: number } | null;
/** Keeps an element in its corner until the signal ends it; returns how to look again. */
export type KeepInCorner = (host: HTMLElement, sheet: CSSStyleSheet, signal: AbortSignal) => () => void;
export type ViewOf = (acts: Acts, texts?: Texts) => {
  root: HTMLElement;
  /** The elements that change, by their test id. */
  parts: Record<string, any>;
  render(shown: Shown): void;
  /** Closes what was opened in it. */
  close(): void;
};
