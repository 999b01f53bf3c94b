// @ts-check
// The cases this page knows of, and the calls that change them. Whoever shows a case listens for its news.
import { api, ApiError, casePath, withQuery } from "/static/http.js";

/**
 * @typedef {{ref: string, title: string, description: string, customer: string, status: "active" | "resolved", created_at: string}} Case
 * @typedef {Case & {related: {kind: string, case: Case}[]}} CaseDetail
 */

const PAGE_LENGTH = 50;

/** @type {Map<string, CaseDetail>} */
const known = new Map();
/** @type {Set<string>} */
const missing = new Set();
const news = new EventTarget();

/** What is known of a case by now. @param {string | null} ref */
export function knownCase(ref) {
  return ref === null ? undefined : known.get(ref);
}

/** Whether the server said that there is no such case. @param {string | null} ref */
export function isMissing(ref) {
  return ref !== null && missing.has(ref);
}

/** Hear of every case that is loaded, made or changed; returns how to end it. @param {(detail: CaseDetail) => void} listener */
export function onCase(listener) {
  const hear = (/** @type {Event} */ event) => listener(/** @type {CustomEvent<CaseDetail>} */ (event).detail);
  news.addEventListener("case", hear);
  return () => news.removeEventListener("case", hear);
}

/** @param {string} ref @param {AbortSignal} [signal] @returns {Promise<CaseDetail>} */
export async function loadCase(ref, signal) {
  try {
    return told(await api("GET", casePath(ref), undefined, { signal }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) missing.add(ref);
    throw error;
  }
}

/**
 * One page of cases, newest first.
 * @param {{search?: string, status?: string, cursor?: string | null, limit?: number, signal?: AbortSignal}} query
 * @returns {Promise<{items: Case[], next_cursor: string | null}>}
 */
export function listCases({ signal, limit = PAGE_LENGTH, ...query }) {
  return api("GET", withQuery("/api/v1/cases", { ...query, limit }), undefined, { signal });
}

/** @param {{title: string, customer: string, description: string}} fields @returns {Promise<CaseDetail>} */
export async function createCase(fields) {
  return told(await api("POST", "/api/v1/cases", fields));
}

/** @param {string} ref @param {Partial<Pick<Case, "title" | "customer" | "description">>} changes @returns {Promise<CaseDetail>} */
export async function changeCase(ref, changes) {
  return told(await api("PATCH", casePath(ref), changes));
}

/** @param {string} ref @param {string} note @returns {Promise<CaseDetail>} */
export async function resolveCase(ref, note) {
  return told(await api("PUT", casePath(ref, "/resolution"), { note }));
}

/** @param {string} ref @returns {Promise<CaseDetail>} */
export async function reopenCase(ref) {
  return told(await api("DELETE", casePath(ref, "/resolution")));
}

/** @param {CaseDetail} detail */
function told(detail) {
  known.set(detail.ref, detail);
  missing.delete(detail.ref);
  news.dispatchEvent(new CustomEvent("case", { detail }));
  return detail;
}
