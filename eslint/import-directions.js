// services → jobs, storage, media, database → runtime → contracts: who may import whom, in one table.
import { posix, relative, sep } from 'node:path';

const OWN = '@mediaworks/';

/** @type {Record<string, { packages: string[], npm?: string[] }>} Folders, and what their files may import. */
const table = {
  'packages/contracts': { packages: [], npm: ['zod'] },
  'packages/runtime': { packages: ['contracts'] },
  'packages/database': { packages: ['contracts', 'runtime'] },
  'packages/storage': { packages: ['contracts', 'runtime'] },
  'packages/media': { packages: ['contracts', 'runtime'] },
  'packages/jobs': { packages: ['contracts', 'runtime', 'storage', 'database'] },
  'packages/firebase': { packages: ['contracts', 'runtime'] },
  'packages/local-stack': { packages: ['contracts', 'runtime', 'database', 'media'] },
  'services/*': { packages: ['contracts', 'runtime', 'database', 'storage', 'media', 'jobs', 'firebase'] },
};

/** npm packages that only these folders may use. */
const reserved = {
  bullmq: ['packages/jobs'],
  'bullmq-otel': ['packages/jobs'],
};

/** A worker's handlers know their job and the media, not what carries or stores it. */
const NOT_IN_WORKERS = new Set(['bullmq', 'express', 'ioredis', 'kysely', 'pg']);
const NOT_WORKERS = new Set(['services/gateway', 'services/console']);

const isTest = (file) => /\.test\.tsx?$|\/(test|testing)\//.test(file);
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * What is wrong with this import in this file (a path from the root, with slashes), or undefined.
 * @param {string} file
 * @param {string} specifier
 */
function wrongDirection(file, specifier) {
  const folder = /^(packages|services)\/[^/]+/.exec(file)?.[0];
  if (folder === undefined || specifier.startsWith('node:')) return undefined;
  const rule = table[folder] ?? table[`${posix.dirname(folder)}/*`];
  if (rule === undefined)
    return `${folder} is not in eslint/import-directions.js: say there what it may import`;

  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    return target.startsWith(`${folder}/`)
      ? undefined
      : `${specifier} is in another package: import that by its name`;
  }
  const name = packageOf(specifier);
  if (name.startsWith(OWN)) {
    const own = name.slice(OWN.length);
    if (isTest(file) && own === 'local-stack') return undefined;
    if (rule.packages.includes(own)) return undefined;
    return `${folder} may import ${rule.packages.join(', ') || 'no package of ours'}, not ${own}`;
  }
  if (reserved[name] && !reserved[name].includes(folder))
    return `only ${reserved[name].join(', ')} may import ${name}`;
  if (isTest(file)) return undefined;
  if (rule.npm && !rule.npm.includes(name))
    return `${folder} may import ${rule.npm.join(', ')} alone, not ${name}`;
  // SQL stays in its owner's queries file.
  if (name === 'kysely' && file.endsWith('queries.ts')) return undefined;
  const worker = folder.startsWith('services/') && !NOT_WORKERS.has(folder);
  if (worker && NOT_IN_WORKERS.has(name))
    return `a worker's code may not import ${name}: the job's context has what it needs`;
  return undefined;
}

/** @type {import('eslint').Rule.RuleModule} */
export const importDirections = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const file = relative(context.cwd, context.filename).split(sep).join('/');
    const check = (node) => {
      if (node?.type !== 'Literal' || typeof node.value !== 'string') return;
      const message = wrongDirection(file, node.value);
      if (message !== undefined) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
      'CallExpression[callee.name="require"]': (node) => check(node.arguments[0]),
    };
  },
};
