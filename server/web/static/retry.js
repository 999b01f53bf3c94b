// @ts-check
// Something is tried until it works: after pauses that grow, and anew when the network or the server is back. Touches nothing but `env`.

/** So long an answer may take. */
const PATIENCE_MS = 20_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** What the page hears when the browser, or the agent, has found the way again. */
export const BACK = Object.freeze(["online", "caseclock:online"]);

/**
 * @typedef {"trying" | "waiting" | "failed" | "done"} State `waiting` goes on by itself, `failed` does not
 * @typedef {Pick<typeof globalThis, "setTimeout" | "clearTimeout" | "addEventListener" | "removeEventListener"> & {Math: {random: () => number, min: typeof Math.min}}} Env
 */

export class Retry {
  #act;
  #passes;
  #wanted;
  #tell;
  #env;
  /** @type {AbortController | null} */
  #trying = null;
  /** @type {any} */
  #pause;
  #failures = 0;

  /**
   * @param {object} options
   * @param {(signal: AbortSignal) => Promise<void>} options.act
   * @param {(error: unknown) => boolean} options.passes whether it is worth trying again after this
   * @param {() => boolean} options.wanted asked before each further try
   * @param {(state: State, error?: unknown) => void} options.tell
   * @param {Env} [env]
   */
  constructor({ act, passes, wanted, tell }, env = globalThis) {
    this.#act = act;
    this.#passes = passes;
    this.#wanted = wanted;
    this.#tell = tell;
    this.#env = env;
  }

  /** Whether an answer is on its way. */
  get isTrying() {
    return this.#trying !== null;
  }

  /** Try now; what is under way is dropped. */
  async run() {
    this.#drop();
    const trying = (this.#trying = new AbortController());
    const patience = this.#env.setTimeout(() => trying.abort(), PATIENCE_MS);
    this.#tell("trying");
    /** @type {[State, unknown?]} */
    const [state, error] = await this.#act(trying.signal).then(
      () => ["done"],
      (error) => [trying.signal.aborted || this.#passes(error) ? "waiting" : "failed", error],
    );
    this.#env.clearTimeout(patience);
    if (this.#trying !== trying) return;
    if (state === "waiting") this.#wait();
    else this.#end();
    this.#tell(state, error);
  }

  /** Pauses differ, because everybody who lost the server would be back at the same instant. */
  #wait() {
    const longest = this.#env.Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
    this.#drop();
    for (const type of BACK) this.#env.addEventListener(type, this.#back);
    this.#pause = this.#env.setTimeout(() => (this.#wanted() ? this.run() : this.#end()), this.#env.Math.random() * longest);
  }

  /** A try that began before is likely to hang. */
  #back = () => {
    this.#failures = 0;
    this.#wait();
  };

  #drop() {
    this.#trying?.abort();
    this.#trying = null;
    this.#env.clearTimeout(this.#pause);
  }

  #end() {
    this.#drop();
    this.#failures = 0;
    for (const type of BACK) this.#env.removeEventListener(type, this.#back);
  }
}
