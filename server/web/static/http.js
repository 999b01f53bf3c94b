// @ts-check
// Calls to the HTTP API, with the session cookie and its CSRF header.
import { _ } from "/static/i18n.js";

/** What the server answered when it could not do what was asked. `detail` is a sentence for people. */
export class ApiError extends Error {
  /**
   * @param {string} detail
   * @param {number} status HTTP status; 0 when no answer came
   * @param {Record<string, string[]>} [errors] messages by field
   */
  constructor(detail, status, errors = {}) {
    super(detail);
    this.name = "ApiError";
    this.detail = detail;
    this.status = status;
    this.errors = errors;
  }
}

/** What a proxy answers while the server is away; 0 is no answer at all. */
const AWAY = [0, 502, 503, 504];

/** Whether the server could not be reached, which passes by itself. @param {unknown} error */
export function isAway(error) {
  return error instanceof ApiError && AWAY.includes(error.status);
}

/**
 * Call the API; answers the decoded body, or null if there is none.
 * @param {string} method
 * @param {string} path such as `/api/v1/cases`; write values with `encodeURIComponent`
 * @param {unknown} [body] sent as JSON
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 * @throws {ApiError} on every answer that is no success, and when no answer comes
 */
export async function api(method, path, body, { signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "X-CSRF-Token": csrfToken() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const { response, text } = await answer(path, {
    method,
    headers,
    signal,
    credentials: "same-origin",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const isJson = /\bjson\b/.test(response.headers.get("Content-Type") ?? "");
  const decoded = isJson && text ? JSON.parse(text) : null;
  if (response.ok) return decoded;
  const fallback = response.status === 401 ? _("You are signed out. Reload the page to sign in again.") : _("The server answered {status}. Please try again.", { status: response.status });
  const detail = response.status === 401 ? fallback : decoded?.detail ?? fallback;
  throw new ApiError(detail, response.status, decoded?.errors);
}

/** The path of a case in the API. @param {string} ref @param {string} [below] such as `/resolution` */
export function casePath(ref, below = "") {
  return `/api/v1/cases/${encodeURIComponent(ref)}${below}`;
}

/** Add query parameters to a path; null, undefined and "" are left out. @param {string} path @param {Record<string, unknown>} query */
export function withQuery(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/** An answer that breaks off is none. @param {string} path @param {RequestInit} request */
async function answer(path, request) {
  try {
    const response = await fetch(path, request);
    return { response, text: await response.text() };
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(_("The server cannot be reached. Check the connection and try again."), 0);
  }
}

function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}
