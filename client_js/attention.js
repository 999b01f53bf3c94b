// @ts-check
/** @type {import("./types.d.ts").FrontOf} */
export function frontOf(front) {
  const { session, appTab, form } = front ?? {};
  return {
    session: session ? { id: text(session.id), kind: session.kind ?? "case", case: text(session.case) || null } : null,
    app_tab: appTab ? { id: text(appTab.id), entity: text(appTab.entity), case: text(appTab.case) || undefined } : null,
    form: form ? { id: text(form.id), tracked: form.tracked !== false, widget: !!form.widget } : null,
  };
}

/** @type {import("./types.d.ts").Attention} */
export function attention(app, policy, { visible, focused, locked, idle, session, app_tab, form }) {
  const front = (session && (app_tab?.case || session.case)) || null;
  const reason = !policy.enabled ? "tracking-off"
    : !visible ? "hidden"
    : !focused ? "unfocused"
    : locked ? "locked"
    : idle && !policy.count_idle ? "idle"
    : !front ? "no-case"
    : session?.kind === "inbox" && !policy.track_inbox ? "inbox"
    : form?.tracked === false ? "untracked-form"
    : app === "hub" && !form?.widget ? "no-widget"
    : "running";
  return { case: reason === "running" ? front : null, front, reason };
}

const CAUSES = {
  locked: ["unlock", "lock"],
  visible: ["hidden", "visible"],
  focused: ["blur", "focus"],
  idle: ["active", "idle"],
  app_tab: ["app-tab"],
  session: ["case"],
  form: ["form"],
};

/** @type {import("./types.d.ts").CauseOf} */
export function causeOf(before, now) {
  if (before.session?.id !== now.session?.id) return "session-tab";
  for (const [fact, [off, on = off]] of Object.entries(CAUSES)) {
    if (JSON.stringify(before[fact]) !== JSON.stringify(now[fact])) return now[fact] ? on : off;
  }
  return "";
}

const text = (value) => String(value ?? "").slice(0, 999);
