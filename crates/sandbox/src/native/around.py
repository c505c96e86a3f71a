# Reads {source, facts}, runs the script, and says {given} or {failed} on one line. What the script
# itself prints goes to the error stream.
import json, sys, textwrap
asked = json.loads(sys.stdin.buffer.read())
answers, sys.stdout = sys.stdout, sys.stderr
source, facts = asked["source"], asked["facts"]
context = {"vars": facts["inputs"], "expected": facts["expected"], "latencyMs": facts["latencyMs"], "cost": facts["cost"]}
try:
    if "\n" in source or source.strip().startswith("return"):
        names = {}
        exec("def judge(output, context):\n" + textwrap.indent(textwrap.dedent(source), "    "), names)
        given = names["judge"](facts["output"], context)
    else:
        given = eval(source, {"output": facts["output"], "context": context})
    said = json.dumps({"given": given})
except Exception as error:
    said = json.dumps({"failed": f"{type(error).__name__}: {error}"})
print(said, file=answers, flush=True)
