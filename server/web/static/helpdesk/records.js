// @ts-check
// Records that are no cases: knowledge articles and customers.
import { empty, fill, h, icon, loading } from "/static/dom.js";
import { articleOf } from "/static/helpdesk/articles.js";
import { listCases } from "/static/helpdesk/cases.js";
import { _ } from "/static/i18n.js";
import { Loader } from "/static/loader.js";

/** @typedef {(entity: string, key: string, label: string) => void} Open */

/** The panel of a record. @param {string} entity @param {string} key @param {Open} open */
export function recordPanel(entity, key, open) {
  return entity === "knowledgearticle" ? articlePanel(key) : customerPanel(key, open);
}

/** @param {string} entity */
export function recordIcon(entity) {
  return { knowledgearticle: "article", contact: "person" }[entity] ?? "case";
}

/** @param {string} id */
function articlePanel(id) {
  const article = articleOf(id);
  if (!article) return h("article", { class: "record" }, empty(_("There is no such article.")));
  return h(
    "article",
    { class: "record", "data-testid": "article", "data-key": id },
    h("p", { class: "record-kind" }, icon("article"), _("Knowledge article {id}", { id: article.id })),
    h("h2", null, article.title),
    ...article.text.map((paragraph) => h("p", null, paragraph)),
  );
}

/** @param {string} name @param {Open} open */
function customerPanel(name, open) {
  const list = h("div", null, loading());
  const heading = h("h2", null, name);
  const load = async (/** @type {AbortSignal} */ signal) => {
    const { items } = await listCases({ search: name, signal });
    const theirs = items.filter(({ customer }) => customer === name);
    fill(list, theirs.length ? h("ul", { class: "links" }, ...theirs.map((each) => h("li", null, recordLink("incident", each.ref, `${each.ref} ${each.title}`, open)))) : empty(_("No cases.")));
  };
  new Loader({ place: list, load, landing: () => heading }).run();
  return h(
    "article",
    { class: "record", "data-testid": "customer", "data-key": name },
    h("p", { class: "record-kind" }, icon("person"), _("Customer")),
    heading,
    h("h3", null, _("Cases")),
    list,
  );
}

/** A button that opens a record. @param {string} entity @param {string} key @param {string} label @param {Open} open */
export function recordLink(entity, key, label, open) {
  return h(
    "button",
    { type: "button", class: "record-link", "data-testid": `open-${entity}-${key}`, onclick: () => open(entity, key, entity === "incident" ? key : label) },
    icon(recordIcon(entity)),
    h("span", null, label),
  );
}
