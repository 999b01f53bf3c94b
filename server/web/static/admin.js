// @ts-check
// Administration: settings, the list of tracker records, their purge.
import { startDeleting } from "/static/admin-delete.js";
import { byId } from "/static/admin-parts.js";
import { startPurge } from "/static/admin-purge.js";
import { startPurges } from "/static/admin-purges.js";
import { startRecords } from "/static/admin-records.js";
import { startSettings } from "/static/admin-settings.js";
import { fill, h } from "/static/dom.js";
import { api } from "/static/http.js";

const KNOWN_CASES = 200;

const zone = byId("administration").dataset.timeZone ?? "UTC";

startSettings();
const records = startRecords({ zone, onDelete: (ids) => deleting.open(ids), onDeleteMatching: () => purge.openCounted() });
const purges = startPurges({ zone, onEnded: records.reload });
const deleting = startDeleting({ onDone: shown });
const purge = startPurge({ zone, onDone: shown, onStarted: purges.reload, ruleOfList: records.rule });
suggest("known-cases", `/api/v1/cases?limit=${KNOWN_CASES}`, (item) => [item.ref, item.title]);
suggest("known-people", "/api/v1/reports/representatives", (item) => [item.representative, item.name]);

/** Show what a purge that is done changed. @param {string} done */
function shown(done) {
  purges.reload();
  return records.reload(done);
}

/**
 * Suggestions for a field; without them it can still be typed into.
 * @param {string} id @param {string} path @param {(item: any) => [string, string]} read
 */
async function suggest(id, path, read) {
  try {
    const { items } = await api("GET", path);
    fill(byId(id), ...items.map(read).map(([value, label]) => h("option", { value, label: `${value} · ${label}` })));
  } catch (error) {
    console.debug("caseclock: no suggestions:", error);
  }
}
