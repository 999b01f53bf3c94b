// @ts-check
// Administration: settings, the list of tracker records, their purge.
import { startDeleting } from "/static/admin-delete.js";
import { byId, suggestCases, suggestPeople } from "/static/admin-parts.js";
import { startPurge } from "/static/admin-purge.js";
import { startPurges } from "/static/admin-purges.js";
import { startRecords } from "/static/admin-records.js";
import { startSettings } from "/static/admin-settings.js";

const zone = byId("administration").dataset.timeZone ?? "UTC";

startSettings({ zone });
const records = startRecords({ zone, onDelete: (ids) => deleting.open(ids), onDeleteMatching: () => purge.openCounted() });
const purges = startPurges({ zone, onEnded: records.reload });
const deleting = startDeleting({ onDone: shown });
const purge = startPurge({ zone, onDone: shown, onStarted: purges.reload, ruleOfList: records.rule });
suggestCases("known-cases");
suggestPeople("known-people");

/** Show what a purge that is done changed. @param {string} done */
function shown(done) {
  purges.reload();
  return records.reload(done);
}
