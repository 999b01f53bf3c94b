// @ts-check
// The knowledge articles of the demo helpdesk, and which of them suit a case. Pure.

/** @typedef {{id: string, title: string, words: string[], text: string[]}} Article */

/** @type {Article[]} */
export const ARTICLES = [
  {
    id: "KA-101",
    title: "Correct the tax rate on an issued invoice",
    words: ["vat", "tax", "invoice", "credit"],
    text: [
      "An issued invoice is never changed. Cancel it with a credit note, correct the rate in the customer's contract, then issue it again.",
      "Check the two months before: a wrong rate in the contract shows on every invoice since the last change.",
      "Send both documents together and name the original invoice number in the text.",
    ],
  },
  {
    id: "KA-102",
    title: "A new password is refused",
    words: ["password", "sign", "reset", "login"],
    text: [
      "Ask for the exact message. “Too old” means that the link in the mail was opened twice: send a new one.",
      "A browser that fills in the old password is the most common cause. Let the customer type the new one in a private window.",
      "If it is still refused, end all sessions of the account and reset once more.",
    ],
  },
  {
    id: "KA-103",
    title: "Devices that restart at a fixed time",
    words: ["router", "reboot", "firmware", "printer", "restart"],
    text: [
      "A restart at the same minute every night is a schedule, not a fault. Look under Maintenance, Automatic restart.",
      "Firmware 4.2 switches it on after the update. Switch it off and note the serial number in the case.",
    ],
  },
  {
    id: "KA-104",
    title: "Missing parts in a delivery",
    words: ["order", "delivery", "arrived", "missing", "box"],
    text: [
      "Compare the packing list with the order. If the list is complete and the box is not, the carrier's weight tells where it was lost.",
      "Send the missing parts at once; claims on the carrier do not hold up the customer.",
    ],
  },
  {
    id: "KA-105",
    title: "Write a case note that helps the next reader",
    words: [],
    text: ["Say what you saw, what you tried, and what you expect next. Leave out what the fields already say.", "A note is done when a colleague could go on without asking you."],
  },
];

/** Up to three articles that suit a case, best first; the last one always does. @param {{title: string, description: string}} about @returns {Article[]} */
export function articlesFor({ title, description }) {
  const text = `${title} ${description}`.toLowerCase();
  const scored = ARTICLES.map((article) => ({ article, score: article.words.filter((word) => text.includes(word)).length }));
  const suiting = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
  return [...suiting.slice(0, 2).map(({ article }) => article), ARTICLES[ARTICLES.length - 1]];
}

/** @param {string} id */
export function articleOf(id) {
  return ARTICLES.find((article) => article.id === id);
}
