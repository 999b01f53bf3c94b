// @ts-check
const PREFIX = "caseclock:stream:";
export const freshId = () => URL.createObjectURL(new Blob()).slice(-36);
export const AWAY = { visible: false, focused: false };

export class Log {
  sent = 0;
  received = 0;
  durable = true;
  events = [];

  constructor(storage, id, owner, app) {
    this.storage = storage;
    this.id = id;
    this.owner = owner;
    this.app = app;
  }

  get last() {
    return this.events.at(-1);
  }

  get seq() {
    return this.last?.seq ?? 0;
  }

  get undelivered() {
    return this.events.filter(({ seq }) => seq > this.received);
  }

  append(event) {
    this.events.push({ ...event, seq: this.seq + 1 });
    this.save();
  }

  /** Ends it at its last proof. */
  seal() {
    if (this.last.cause !== "close") this.append({ ...this.last, cause: "close", ...AWAY });
  }

  /** What follows is sent again. */
  rewind(seq) {
    this.sent = this.received = seq;
  }

  reconnect(committed) {
    this.commit(committed);
    this.sent = Math.min(this.received, this.seq - 1);
  }

  report(limit, sent_at) {
    const next = this.events.findIndex(({ seq }) => seq > this.sent);
    if (next < 0 || this.sent - this.received >= 2 * limit) return null;
    const before = this.events[next - 1]?.seq;
    if (before > this.received && before < this.events[next].seq - 1) return null;
    const run = this.events.filter(({ seq }, i) => seq - i === this.events[next].seq - next);
    for (; ; limit /= 2) {
      const events = run.filter(({ seq }) => seq > this.sent).slice(0, Math.ceil(limit));
      const { id: stream, owner, app } = this, report = { type: "report", stream, owner, app, first: run[0].seq, sent_at, events };
      if (limit > 1 && new Blob([JSON.stringify(report)]).size > 60 * 1024) continue;
      this.sent = events.at(-1).seq;
      return report;
    }
  }

  receive(seq) {
    this.received = Math.max(this.received, Math.min(seq, this.seq));
  }

  commit(seq) {
    this.receive(seq);
    this.events = this.events.filter((event) => event.seq > seq || (event === this.last && event.cause !== "close"));
    this.save();
  }

  save() {
    const { storage, id, owner, app, events } = this;
    try {
      if (events.length) storage.setItem(PREFIX + id, [{ owner, app }, ...events].map((line) => JSON.stringify(line)).join("\n"));
      else this.forget();
      this.durable = true;
    } catch {
      this.durable = false;
    }
  }

  forget() {
    this.storage.removeItem(PREFIX + this.id);
  }

  static all(storage) {
    return Object.keys(storage).filter((key) => key.startsWith(PREFIX)).map((key) => Log.#load(storage, key));
  }

  static #load(storage, key) {
    const [head, ...events] = storage.getItem(key).split("\n").map(parsed);
    const log = new Log(storage, key.slice(PREFIX.length), head?.owner, head?.app);
    for (const event of events) if (event?.seq > log.seq) log.events.push(event);
    return log;
  }
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
