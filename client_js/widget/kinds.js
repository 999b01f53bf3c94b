// @ts-check
/** Activities by their kind, as the server names it, in words. @param {import("./types.d.ts").Texts["_"]} _ */
export const kindsOf = (_) => ({ "phone call": _("phone call"), task: _("task"), "e-mail": _("e-mail"), appointment: _("appointment") });
