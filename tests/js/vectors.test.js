// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { kept, vectors } from "./record_vectors.js";

for (const [name, text] of Object.entries(vectors()))
  test(`tests/vectors/${name} is what the agent does: if that was to change, run node tests/js/record_vectors.js`, () => {
    assert.deepEqual(JSON.parse(kept(name)), JSON.parse(text));
    assert.equal(kept(name), text);
  });
