/**
 * Expressions: what they give, and what they are refused for. The tables follow the CEL specification,
 * cel-go and the documentation of Kubernetes' own libraries.
 */
import {
  CelAuthorizer,
  type CelType,
  type CelValue,
  CostBudget,
  compileExpression,
  dynType,
  formatIssues,
  fromCel,
  toCel,
} from '@weir/kube';
import { describe, expect, it } from 'vitest';

const pod = {
  metadata: { name: 'web', labels: { app: 'web', 'example.com/tier': 'front' } },
  spec: {
    replicas: 3,
    weight: 1.5,
    containers: [
      { name: 'a', image: 'r/a:1' },
      { name: 'b', image: 'r/b:2', ports: [{ containerPort: 80 }] },
    ],
  },
};

const asked: unknown[] = [];
const authorizer = new CelAuthorizer((question) => {
  asked.push(question);
  return { allowed: question.verb === 'get', reason: '' };
});
const variables: readonly (readonly [string, CelType, CelValue])[] = [
  ['object', dynType, toCel(pod)],
  ['nothing', dynType, null],
  ['authorizer', { kind: 'opaque', name: 'kubernetes.authorization.Authorizer' }, authorizer],
];
const types = new Map(variables.map(([name, type]) => [name, type]));
const values = new Map(variables.map(([name, , value]) => [name, value]));

function evaluate(text: string, units = 10_000_000): unknown {
  const compiled = compileExpression(text, types);
  if ('issues' in compiled) throw new Error(formatIssues(text, compiled.issues));
  return fromCel(compiled.program.evaluate(values, new CostBudget(units)));
}

function complaint(text: string): string {
  const compiled = compileExpression(text, types);
  return 'issues' in compiled ? compiled.issues.map((issue) => issue.message).join('; ') : 'compiles';
}

describe('the language', () => {
  it.each([
    ['1 + 2 * 3 == 7', true],
    ['-5 / 2', -2],
    ['-5 % 3', -2],
    ['7.0 / 2.0', 3.5],
    ['1 < 2u && 2u < 2.5', true],
    ['"b" > "a" && !(b"a" == b"b")', true],
    ['dyn(1) == dyn(1.0) && dyn(1) == 1u', true],
    ['[1, 2] + [3]', [1, 2, 3]],
    ['{"a": 1, "b": 2}.size() + "é∀".size()', 4],
    ['2 in [1, 2] && "a" in {"a": 1} && !("b" in {"a": 1})', true],
    ['[1, 2, 3][1]', 2],
    ['true ? 1 : 2', 1],
    ["r'\\d' + '\\u00e9' + '''a\nb'''", '\\déa\nb'],
    ['0xff', 255],
    ['object.metadata.labels["example.com/tier"]', 'front'],
    ['object.metadata.labels.`example.com/tier`', 'front'],
    ['has(object.spec.replicas) && !has(object.spec.paused)', true],
    ['object.spec.replicas * 2', 6],
    ['object.spec.weight > 1', true],
    ['object.spec.containers.map(c, c.name)', ['a', 'b']],
    ['object.spec.containers.map(c, has(c.ports), c.name)', ['b']],
    ['object.spec.containers.filter(c, c.name == "a").size()', 1],
    ['object.spec.containers.all(c, c.image.startsWith("r/"))', true],
    ['object.spec.containers.exists(c, c.ports[0].containerPort == 80)', true],
    ['object.spec.containers.exists_one(c, c.name == "a")', true],
    ['object.metadata.labels.all(k, k.size() > 2)', true],
    ['[1, 2].all(i, v, i < v)', true],
    ['[3, 4].transformList(i, v, i * v)', [0, 4]],
    ['{"a": 1, "b": 2}.transformMap(k, v, v > 1, v * 10)', { b: 20 }],
    ['type(1) == int && type("") == string && type(null) == null_type', true],
    ['nothing == null', true],
    ['int("12") + int(3.9) + int(2u)', 17],
    ['string(1) + string(true) + string(1.5)', '1true1.5'],
    ['double("1e3")', 1000],
    ['timestamp("2024-02-29T12:30:00Z") + duration("1h30m") == timestamp("2024-02-29T15:00:00+01:00")', true],
    ['timestamp("2024-02-29T12:30:00Z").getDayOfYear()', 59],
    ['timestamp("2024-07-01T23:30:00Z").getHours("Europe/Zurich")', 1],
    ['duration("90s").getMinutes()', 1],
    ['string(duration("1h0.5s"))', '3600.5s'],
    // A side that decides hides the other side's error.
    ['object.missing.x || true', true],
    ['false && object.missing.x', false],
    ['[1, 0].exists(x, 1 / x == 1)', true],
    ['object.?missing.?x.orValue("none")', 'none'],
    ['object.metadata.?name.orValue("none")', 'web'],
    ['object.?metadata.labels[?"app"].hasValue()', true],
    ['optional.of(2).optMap(x, x * 2).value()', 4],
    ['optional.none().or(optional.of(1)).value()', 1],
    ['[?optional.none(), 1].size() + {?"a": optional.of(1)}.size()', 2],
    ['optional.ofNonZeroValue("").hasValue()', false],
  ])('%s is %j', (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });

  it.each([
    ['1 +', "Syntax error: mismatched input '<EOF>'"],
    ['objet.a', "undeclared reference to 'objet' (in container '')"],
    ['1 + "a"', "found no matching overload for '_+_' applied to '(int, string)'"],
    ['"a".foo()', "undeclared reference to 'foo' (in container '')"],
    ['"a".startsWith(1)', "found no matching overload for 'startsWith' applied to 'string.(int)'"],
    ['[1].all(x, x + 1)', "expected type 'bool' but found 'int'"],
    ['(1).all(x, true)', "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"],
    ['(1).a', "type 'int' does not support field selection"],
    ['has(object)', 'invalid argument to has() macro'],
    ['[1].map(x + 1, x)', 'argument must be a simple name'],
    ['9223372036854775808', 'invalid int literal'],
    ['for', 'reserved identifier: for'],
    ['"a', "Syntax error: token recognition error at: '\"a'"],
  ])('%s does not compile', (text, words) => {
    expect(complaint(text)).toContain(words);
  });

  it.each([
    ['object.missing', 'no such key: missing'],
    ['object.spec.containers[5]', 'index out of bounds: 5'],
    ['1 / 0', 'division by zero'],
    ['1 % 0', 'modulus by zero'],
    ['9223372036854775807 + 1', 'integer overflow'],
    ['object.metadata.name + 1', 'no such overload'],
    ['object.metadata.name && true', 'no such overload'],
    ['object.missing.x && true', 'no such key: missing'],
    ['[1, 0].all(x, 1 / x == 1)', 'division by zero'],
    ['optional.none().value()', 'optional.none() dereference'],
    ['int("x")', 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['{"a": 1, "a": 2}', 'Failed with repeated key: a'],
  ])('%s ends in "%s"', (text, words) => {
    expect(() => evaluate(text)).toThrow(words);
  });

  it('an expression that is too deep or too long does not compile', () => {
    expect(complaint(`${'('.repeat(300)}1${')'.repeat(300)}`)).toBe('expression recursion limit exceeded: 250');
    expect(complaint(`"${'a'.repeat(100_001)}"`)).toBe('expression code point size exceeds limit: size: 100003, limit 100000');
  });

  it('an issue is shown with its line and a mark below its place', () => {
    const text = 'object.a &&\n  objet.b';
    const compiled = compileExpression(text, types);
    expect('issues' in compiled && formatIssues(text, compiled.issues)).toBe(
      "ERROR: <input>:2:3: undeclared reference to 'objet' (in container '')\n |   objet.b\n | ..^",
    );
  });
});

describe('the libraries of Kubernetes', () => {
  it.each([
    ['"Hello".lowerAscii() + "a".upperAscii() + " x ".trim() + "abc".charAt(1)', 'helloAxb'],
    ['"a,b,c".split(",", 2).join("|")', 'a|b,c'],
    ['"tacocat".indexOf("c", 3) + "tacocat".lastIndexOf("t")', 10],
    ['"wow".replace("w", "he", 1) + "tacocat".substring(4) + "abc".reverse()', 'heowcatcba'],
    ['"%s is %d, %.2f, %x%%".format(["a", 1, 2.5, 255])', 'a is 1, 2.50, ff%'],
    ['"ab12cd3".find("[0-9]+") + string("ab12cd3".findAll("[0-9]+").size())', '122'],
    ['"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab".matches("^(a+)+$")', false],
    ['[1, 2, 2].isSorted() && [3, 1].min() == 1 && [3, 1].max() == 3 && [1, 2].sum() == 3', true],
    ['["a", "b", "a"].lastIndexOf("a") + ["a"].indexOf("z")', 1],
    ['sets.contains([1, 2], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])', true],
    ['quantity("1Gi").isGreaterThan(quantity("1G")) && quantity("500m").add(1).compareTo(quantity("1.5")) == 0', true],
    ['quantity("2k").asInteger() + (isQuantity("1Zi") ? 1 : 0)', 2000],
    ['quantity("50M") == quantity("50000k")', true],
    ['ip("10.0.0.1").family() + ip("::1").family()', 10],
    ['ip.isCanonical("2001:db8::abcd") && !ip.isCanonical("2001:DB8::ABCD") && !isIP("1.2.3.04")', true],
    ['ip("127.0.0.1").isLoopback() && ip("169.254.1.1").isLinkLocalUnicast() && ip("10.0.0.1").isGlobalUnicast()', true],
    ['cidr("10.1.0.0/16").containsIP("10.1.2.3") && cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16")', true],
    ['string(cidr("10.1.2.3/8").masked()) + string(cidr("10.1.2.3/8").ip())', '10.0.0.0/810.1.2.3'],
    ['url("https://u@example.com:80/a%20b?k=1&k=2").getHost() + url("/p").getEscapedPath()', 'example.com:80/p'],
    ['url("https://[::1]:80/").getHostname() + url("https://a/?k=1&k=2").getQuery()["k"][1]', '::12'],
    ['isURL("https://a:1/") && !isURL("not a url") && !isURL("../x")', true],
    [
      'format.dns1123Label().validate("Bad").hasValue() && !format.named("uuid").value().validate("123e4567-e89b-12d3-a456-426614174000").hasValue()',
      true,
    ],
    [
      'semver("1.2.3").isLessThan(semver("1.10.0")) && semver("1.0.0-a.1").compareTo(semver("1.0.0")) == -1 && isSemver("v1.0", true)',
      true,
    ],
    ['authorizer.group("apps").resource("deployments").namespace("n").name("x").check("get").allowed()', true],
    ['authorizer.path("/healthz").check("post").allowed()', false],
  ])('%s is %j', (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });

  it('a question to the authorizer is put together from its parts', () => {
    asked.length = 0;
    evaluate('authorizer.serviceAccount("ns", "sa").group("").resource("pods").subresource("log").check("list").allowed()');
    const base = { group: '', resource: 'pods', subresource: 'log', namespace: '', name: '', verb: 'list' };
    expect(asked).toEqual([{ ...base, serviceAccount: { namespace: 'ns', name: 'sa' } }]);
  });
});

describe('cost', () => {
  const square = '[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, a + b > 0))';

  it('an expression that costs more than is left ends', () => {
    expect(evaluate(square)).toBe(true);
    expect(() => evaluate(square, 100)).toThrow('operation cancelled: actual cost limit exceeded');
  });

  it('neither || nor exists hides an exhausted budget', () => {
    expect(() => evaluate(`${square} || true`, 100)).toThrow('actual cost limit exceeded');
    expect(() => evaluate(`[1].exists(x, ${square}) || true`, 100)).toThrow('actual cost limit exceeded');
  });

  it('what expressions cost is taken from the budget that they share', () => {
    const compiled = compileExpression(square, types);
    const budget = new CostBudget(2_000);
    const run = (): unknown => 'program' in compiled && compiled.program.evaluate(values, budget);
    run();
    expect(budget.left).toBeLessThan(1_500);
    run();
    expect(run).toThrow('actual cost limit exceeded');
  });

  it('one expression may not cost a million, whatever is left', () => {
    const list = `[${Array.from({ length: 60 }, (_, i) => i).join(',')}]`;
    const cube = `${list}.all(a, ${list}.all(b, ${list}.all(c, ${list}.all(d, a + b + c + d >= 0))))`;
    expect(() => evaluate(cube, 1e9)).toThrow('actual cost limit exceeded');
  });

  it('a text that grows in a loop is paid for by its length', () => {
    expect(() =>
      evaluate(`"${'a'.repeat(1000)}".replace("", "${'b'.repeat(50_000)}").replace("b", "${'c'.repeat(40_000)}").size() > 0`),
    ).toThrow();
  });
});
