// @ts-check
export function factsOf({ document, navigator, IdleDetector }, changed) {
  let detector, watching;
  const facts = {
    screenLock: IdleDetector ? "prompt" : "unsupported",
    read: () => ({
      visible: document.visibilityState === "visible",
      focused: document.hasFocus(),
      locked: detector?.screenState === "locked",
      idle: false,
    }),
    userState: () => detector?.userState,
    async watchScreen(ask) {
      if (!IdleDetector) return;
      facts.screenLock = ask ? await IdleDetector.requestPermission() : (await navigator.permissions.query({ name: "idle-detection" })).state;
      if (facts.screenLock !== "granted" || detector) return;
      detector = new IdleDetector();
      detector.addEventListener("change", changed);
      watching = new AbortController();
      await detector.start({ threshold: 60_000, signal: watching.signal });
    },
    release() {
      watching?.abort();
      detector = null;
    },
  };
  return facts;
}
