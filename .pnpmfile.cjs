/**
 * Packages that are here for files they carry, not for their code. What they declare to depend on is the tooling they
 * were once built with (jest, eslint and babel of years ago): it is not installed.
 */
const carriers = new Set(['faceplugin-face-recognition-js']);

function readPackage(manifest) {
  if (carriers.has(manifest.name)) manifest.dependencies = {};
  return manifest;
}

module.exports = { hooks: { readPackage } };
