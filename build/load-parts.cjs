/**
 * Main script of the single executable: its bundle lies inside in parts, each of which is read and compiled when it is first
 * asked for. A command that speaks to no server does not pay for HTTP.
 */
'use strict';
const { getAsset } = require('node:sea');
const { compileFunction } = require('node:vm');

const loaded = new Map();

function load(name) {
  if (!name.startsWith('./')) return require(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  // Before it runs: parts may need each other.
  loaded.set(name, module);
  compileFunction(getAsset(name, 'utf8'), ['exports', 'require', 'module'], { filename: name })(
    module.exports,
    load,
    module,
  );
  return module.exports;
}

load('./kits-agent.cjs');
