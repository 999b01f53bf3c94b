"""Names every module that has tables, so that the metadata is complete."""

import server.accounts.models
import server.admin.models
import server.audit.models
import server.cases.models
import server.settings
import server.time_entries.models
import server.tracking.models  # noqa: F401
