// @ts-check
const STATES = { 4401: "signed-out", 4400: "refused", 4403: "refused" };
const WAITS_MS = { "signed-out": 30_000, refused: 300_000 };

export function connectionOf({ Date, Math, WebSocket, performance }, url, hello, tell) {
  let socket, attempt = 0, retryAt = 0, opened = 0, heard = 0;
  const connection = { state: "offline", tick, hurry, send, restart, close };
  return connection;

  function tick(wanted) {
    const now = performance.now();
    if (!wanted) close();
    else if (!socket) now >= retryAt && open(now);
    else if (now - heard > 35_000) restart();
    else if (now - heard > 25_000) send({ type: "ping", sent_at: Date.now() });
  }

  function hurry() {
    if (connection.state !== "refused") retryAt = 0;
  }

  function send(message) {
    if (connection.state === "online") socket.send(JSON.stringify(message));
  }

  function restart(code = 1006) {
    if (!socket) return;
    const now = performance.now();
    if (heard - opened > 10_000) attempt = 0;
    close();
    connection.state = STATES[code] ?? "offline";
    retryAt = now + (WAITS_MS[connection.state] ?? Math.random() * Math.min(30_000, 1000 * 2 ** attempt++));
    tell(null);
  }

  function close() {
    if (!socket) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
    socket = null;
    retryAt = 0;
    connection.state = "offline";
  }

  function open(now) {
    opened = heard = now;
    retryAt = now + 10_000;
    const its = (socket = new WebSocket(url));
    its.onopen = () => hello().then((hello) => its.send(JSON.stringify(hello)), () => restart(4401));
    its.onclose = ({ code }) => restart(code);
    its.onmessage = ({ data }) => {
      heard = performance.now();
      tell(data);
    };
  }
}
