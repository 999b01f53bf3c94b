// The shapes that the agent and the widgets share. Types only: nothing here is loaded at run time.

/** The session tab in front. `kind` is `case` unless it says `inbox`; `case` is null when it shows none. */
export interface SessionTab { id: string; kind?: "case" | "inbox"; case: string | null }
/** The app tab in front inside that session. `case` only when the tab shows a case. */
export interface AppTab { id: string; entity: string; case?: string | null }
/** The form the case is shown on. `tracked` defaults to true, `widget` to false. */
export interface CaseForm { id: string; tracked?: boolean; widget?: boolean }

/** What the host page says is in front. Null where there is none. */
export interface Front { session: SessionTab | null; appTab?: AppTab | null; form?: CaseForm | null }

/** What the browser says about the page, the screen and the person. */
export interface Facts { visible: boolean; focused: boolean; locked: boolean; idle: boolean }

export type App = "workspace" | "hub" | "embed";

/** One event as it goes over the wire; see docs/protocol.md. */
export interface AgentEvent extends Facts {
  seq: number;
  at: number;
  mono: number;
  /** How many milliseconds before it the last input was, where the agent looks for input. */
  quiet?: number;
  cause: string;
  session: SessionTab | null;
  app_tab: AppTab | null;
  form: CaseForm | null;
}

/** The part of the tracking settings that an agent needs. */
export interface AgentSettings {
  enabled: boolean;
  track_inbox: boolean;
  count_idle: boolean;
  /** After so many minutes without input a person is idle; 0: never. */
  idle_after_minutes: number;
}

/** Why the clock of the case in front runs or stands. */
export type Reason =
  | "running" | "hidden" | "unfocused" | "locked" | "idle" | "no-case" | "inbox"
  | "untracked-form" | "no-widget" | "tracking-off" | "stopped";

export interface AgentStatus {
  /** The case whose clock runs, or null. */
  case: string | null;
  /** The case in front, running or not. */
  front: string | null;
  reason: Reason;
  connection: "online" | "offline" | "signed-out" | "refused";
  /** `memory`: storage is full or forbidden; recording goes on until the page closes. */
  storage: "durable" | "memory";
  /** Whether the lock of the screen can be seen. */
  screenLock: "granted" | "prompt" | "denied" | "unsupported";
  /** Events that the server does not have yet. */
  undelivered: number;
  representative: { username: string; name: string } | null;
  updateIntervalS: number | null;
}

/** A fact-snapshot: the part of an event that says what was so. */
export type Snapshot = Omit<AgentEvent, "seq" | "at" | "mono" | "quiet" | "cause">;

/** One moment on both clocks of a page, whole milliseconds. */
export interface Instant { at: number; mono: number; quiet?: number }

/** What the agent's event `idle` tells: a case missed this time for want of input alone. By the clock of the server, in milliseconds. */
export interface Missed { representative?: string; case: string; from: number; to: number }

export interface AgentOptions {
  app?: App;
  /** Where Caseclock is; the origin of the module if not given. */
  server?: string | null;
  /** For hosts on another origin; the session cookie if not given. */
  token?: string | (() => string | Promise<string>) | null;
  /** The username of the person whom the host page knows to be signed in. */
  representative?: string | null;
}

export type Cause = "session-tab" | "app-tab" | "case" | "form" | "dialog" | "resolve";

/** What host pages and widgets use. */
export interface Agent extends EventTarget {
  readonly status: AgentStatus;
  /** What is in front now. The cause is derived from what differs; only `dialog` and `resolve` add to it. */
  show(front: Front | null, cause?: Cause): void;
  /** Something happened that changes no fact, such as a dialog over the form. */
  note(cause: "dialog" | "resolve"): void;
  /** The handling time of a case, whenever it changes; returns how to end it. */
  watch(ref: string, listener: (message: any) => void): () => void;
  /** Proves the time up to now. True when the server has it, false when it does not answer within two seconds. */
  beat(): Promise<boolean>;
  /** Asks the person for leave to see the lock of the screen; only from a click. */
  askForScreenLock(): Promise<void>;
  stop(): void;
  /** For the widget: where the server is, how to sign in there, and the settings as last heard. */
  readonly server: string;
  readonly token?: AgentOptions["token"];
  readonly settings: Partial<AgentSettings> & Record<string, any>;
}

export type StartAgent = (options: AgentOptions, env?: Env) => Agent;
export type CurrentAgent = () => Promise<Agent>;
export type FrontOf = (front?: Front | null) => Pick<Snapshot, "session" | "app_tab" | "form">;
export type Attention = (app: App, policy: Partial<AgentSettings>, snapshot: Snapshot) => { case: string | null; front: string | null; reason: Reason };
export type CauseOf = (before: Snapshot, now: Snapshot) => string;
export interface Input { mark(snapshot: Snapshot, instant: Instant): void }
export type InputOf = (
  env: Env, agent: any, app: App, facts: { userState(): IdleDetector["userState"] | undefined }, look: () => void, signal: AbortSignal,
) => Input;
/** A page that is not visible is looked at once a minute at times: its standing still shows only where the clocks disagree. */
export type StoodStill = (last: Instant, now: Instant, visible?: boolean) => boolean;

/** https://developer.mozilla.org/docs/Web/API/IdleDetector */
export interface IdleDetector extends EventTarget {
  readonly screenState: "locked" | "unlocked" | null;
  readonly userState: "active" | "idle" | null;
  start(options: { threshold: number; signal: AbortSignal }): Promise<void>;
}

/** What the agent uses of the browser; tests bring their own. */
export interface Env extends Pick<
  typeof globalThis,
  "Date" | "Math" | "WebSocket" | "fetch" | "localStorage" | "performance" | "setInterval" | "clearInterval" | "setTimeout"
>, EventTarget {
  document: Document & { prerendering?: boolean };
  navigator: Omit<Navigator, "locks"> & { locks?: LockManager };
  IdleDetector?: { new (): IdleDetector; requestPermission(): Promise<"granted" | "prompt" | "denied"> };
}
