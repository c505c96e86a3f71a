// Reads {source, facts}, runs the script, and says {given} or {failed} on one line. What the script
// itself prints goes to the error stream.
const say = process.stdout.write.bind(process.stdout);
console.log = console.info = console.debug = console.error;
const { source, facts } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const context = { vars: facts.inputs, expected: facts.expected, latencyMs: facts.latencyMs, cost: facts.cost };
const body = source.includes('\n') || /^\s*return\b/.test(source) ? source : `return (${source})`;
(async () => new Function('output', 'context', body)(facts.output, context))()
  .then((given) => say(JSON.stringify({ given: given ?? null }) + '\n'))
  .catch((error) => say(JSON.stringify({ failed: String(error) }) + '\n'));
