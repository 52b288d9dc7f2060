/**
 * The one rule of the house: a package imports only packages of a strictly lower rank, type imports
 * count, there is no cycle anywhere, and pure packages touch nothing but values.
 */
const ranks = [
  ['net'],
  ['kube', 'kernel'],
  ['model', 'client', 'apiserver'],
  ['compile'],
  ['calc', 'snapshot'],
  ['dataplane', 'connectivity'],
  ['agent', 'matrix', 'diff', 'assertions', 'flows', 'analyze'],
  ['lab', 'lint'],
  ['aks', 'az', 'calicoctl', 'policy'],
  ['cli', 'ui'],
];
const pure = [
  'net',
  'kube',
  'model',
  'compile',
  'calc',
  'snapshot',
  'connectivity',
  'matrix',
  'diff',
  'assertions',
  'flows',
  'analyze',
  'lint',
  'policy',
];

const rankRules = ranks.flatMap((names, rank) =>
  names.map((name) => ({
    name: `rank-${name}`,
    comment: `${name} (rank ${rank}) imports only packages of a strictly lower rank`,
    severity: 'error',
    from: { path: `^packages/${name}/src/` },
    to: {
      path: `^packages/(${ranks
        .slice(rank)
        .flat()
        .filter((other) => other !== name)
        .concat('testkit')
        .join('|')})/`,
    },
  })),
);

module.exports = {
  forbidden: [
    ...rankRules,
    {
      name: 'no-cycle',
      comment: 'no cycles, also inside a package',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { circular: true },
    },
    {
      name: 'pure',
      comment: 'pure packages import no module of Node',
      severity: 'error',
      from: { path: `^packages/(${pure.join('|')})/src/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'public-door',
      comment: 'packages are entered through src/index.ts only',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/([^/]+)/src/', pathNot: ['^packages/$1/', '^packages/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'dataplanes-apart',
      comment: 'back ends never import each other',
      severity: 'error',
      from: { path: '^packages/dataplane/src/(nftables|iptables|ebpf|hns)/' },
      to: { path: '^packages/dataplane/src/(nftables|iptables|ebpf|hns)/', pathNot: '^packages/dataplane/src/$1/' },
    },
    {
      name: 'oracle-apart',
      comment: 'the oracle shares no code with the engine',
      severity: 'error',
      from: { path: '^packages/testkit/src/oracle/' },
      to: { path: '^packages/(net|model|compile|calc|snapshot|connectivity|matrix|diff|assertions|flows|analyze|lint|policy|dataplane)/' },
    },
    {
      name: 'hns-emulator-apart',
      comment: 'the emulator of HNS knows documents and the kernel, not the engine that writes the documents',
      severity: 'error',
      from: { path: '^packages/lab/src/hns-emulator/' },
      to: { path: '^packages/', pathNot: '^packages/(net|kernel)/src/|^packages/lab/src/hns-emulator/' },
    },
    { name: 'resolved', comment: 'every import is found', severity: 'error', from: { path: '^packages/' }, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules)/' },
    enhancedResolveOptions: { conditionNames: ['source', 'import', 'node', 'default'], exportsFields: ['exports'] },
  },
};
