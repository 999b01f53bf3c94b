// @ts-check
const STATES = { 4401: "signed-out", 4400: "refused", 4403: "refused" };
const WAITS_MS = { "signed-out": 30_000, refused: 300_000 };

export class Connection {
  state = "offline";
  #socket = /** @type {any} */ (null);
  #attempt = 0;
  #retryAt = 0;
  #opened = 0;
  #heard = 0;

  constructor(env, url, hello, tell) {
    this.env = env;
    this.url = url;
    this.hello = hello;
    this.tell = tell;
  }

  tick(wanted) {
    const now = this.env.performance.now();
    if (!wanted) this.close();
    else if (!this.#socket) now >= this.#retryAt && this.#open(now);
    else if (now - this.#heard > 35_000) this.restart();
    else if (now - this.#heard > 25_000) this.send({ type: "ping", sent_at: this.env.Date.now() });
  }

  hurry() {
    if (this.state !== "refused") this.#retryAt = 0;
  }

  send(message) {
    if (this.state === "online") this.#socket.send(JSON.stringify(message));
  }

  restart(code = 1006) {
    if (!this.#socket) return;
    const now = this.env.performance.now();
    if (this.#heard - this.#opened > 10_000) this.#attempt = 0;
    this.close();
    this.state = STATES[code] ?? "offline";
    this.#retryAt = now + (WAITS_MS[this.state] ?? this.env.Math.random() * Math.min(30_000, 1000 * 2 ** this.#attempt++));
    this.tell(null);
  }

  close() {
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onclose = socket.onmessage = this.#socket = /** @type {any} */ (null);
    socket.close();
    this.#retryAt = 0;
    this.state = "offline";
  }

  #open(now) {
    this.#opened = this.#heard = now;
    this.#retryAt = now + 10_000;
    const socket = (this.#socket = new this.env.WebSocket(this.url));
    socket.onopen = () => this.hello().then((hello) => socket.send(JSON.stringify(hello)), () => this.restart(4401));
    socket.onclose = ({ code }) => this.restart(code);
    socket.onmessage = ({ data }) => {
      this.#heard = this.env.performance.now();
      this.tell(data);
    };
  }
}
