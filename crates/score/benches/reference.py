"""The references' side of the benchmark: seconds and the sum of scores of each metric, as JSON."""

import json
import sys
import time

from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF, TER

pairs = json.load(open(sys.argv[1], encoding="utf-8"))
bleu, chrf, ter = BLEU(effective_order=True), CHRF(), TER()
rouge_1, rouge_l = RougeScorer(["rouge1"]), RougeScorer(["rougeL"])
metrics = {
    "BLEU": lambda hyp, ref: bleu.sentence_score(hyp, [ref]).score,
    "chrF": lambda hyp, ref: chrf.sentence_score(hyp, [ref]).score,
    "TER": lambda hyp, ref: ter.sentence_score(hyp, [ref]).score,
    "ROUGE-1": lambda hyp, ref: rouge_1.score(ref, hyp)["rouge1"].fmeasure,
    "ROUGE-L": lambda hyp, ref: rouge_l.score(ref, hyp)["rougeL"].fmeasure,
}
found = {}
for name, score in metrics.items():
    begun = time.perf_counter()
    total = sum(score(hyp, ref) for hyp, ref in pairs)
    found[name] = {"seconds": time.perf_counter() - begun, "sum": total}
print(json.dumps(found))
