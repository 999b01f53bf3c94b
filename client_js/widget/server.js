// @ts-check
import { ENGLISH } from "./words.js";

const TIMEOUT_MS = 15_000;

/** `status` 0: it did not answer. */
export class ServerProblem extends Error {
  constructor(status, message, fields = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

export async function ask(agent, path, body, texts = ENGLISH, method = body ? "POST" : "GET") {
  const token = await (typeof agent?.token === "function" ? agent.token() : agent?.token);
  const csrf = document.querySelector("meta[name=csrf-token]")?.getAttribute("content");
  const answer = await fetch(`${agent?.server ?? new URL(import.meta.url).origin}/api/v1/${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: { "Accept-Language": texts.lang, ...(body && { "Content-Type": "application/json" }), ...(token ? { Authorization: `Bearer ${token}` } : csrf && { "X-CSRF-Token": csrf }) },
    credentials: token ? "omit" : "include",
    signal: window.AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (answer?.ok && (said || answer.status === 204)) return said;
  throw problemOf(answer?.status ?? 0, said, texts);
}

export function problemOf(status, said, { _ } = ENGLISH) {
  const { json, ...plain } = said?.errors ?? {};
  const fields = Object.fromEntries(Object.entries({ ...plain, ...json }).map(([name, messages]) => [name, [messages].flat().join(" ")]));
  const message = status === 401 ? _("Signed out: sign in again.")
    : said?.detail ?? (Object.values(fields).join(" ") || _("The server does not answer: this is what was last known."));
  return new ServerProblem(status, message, fields);
}
