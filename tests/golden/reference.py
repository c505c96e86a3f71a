"""Values of reference implementations for a few texts and numbers of our own.

    python3 -m venv target/reference && target/reference/bin/pip install -r tests/golden/requirements.txt
    target/reference/bin/python tests/golden/reference.py tests/data/golden [FAMILY...]

Writes one file for each metric family in the form `cargo xtask golden` reads: the first line says
what the reference is, every other line is a case. Nothing here is our own arithmetic but where a
reference is a published formula and no package has it; those lines say so.

WordNet is read from $ASSAY_MODELS_DIR/wordnet or where Debian's wordnet-base puts it, the embedding
model from $ASSAY_MODELS_DIR/all-MiniLM-L6-v2, which needs its config.json and tokenizer files too.
"""

import difflib
import json
import math
import os
import random
import re
import shutil
import string
import sys
import tempfile
import types
from collections import Counter
from pathlib import Path

import numpy as np

# An output and its references. Short, because they are committed; each is there for a trap.
TEXTS = [
    ("Your refund of $12.50 was sent on 3 May.", ["The refund of $12.50 was sent on May 3.", "We sent your refund."]),
    ("billing", ["billing"]),
    ("", ["An empty answer is still an answer."]),
    ("The parcel has left the warehouse,\nand it will arrive on Monday.", ["The parcel left the warehouse.\nIt arrives on Monday."]),
    ("Restart the router; then wait for the green light (about a minute).", ["Wait a minute after restarting the router until its light is green."]),
    ("Grüße aus Zürich — der “Zug” fährt um 8.15 Uhr.", ["Grüsse aus Zürich: der Zug fährt um 8:15 Uhr.", "Der Zug nach Zürich fährt 8.15."]),
    ("我想預訂今晚8點的兩人桌。", ["我要訂今晚八點兩個人的桌子。"]),
    ("a\u001cb &amp;lt; c-\nd  the 1,000 dogs' kennels", ["a b &lt; cd the 1000 dog kennels"]),
    ("cafe\u0301 \U0001f600\u200d! running, runs, ran", ["café 😀! he was running"]),
]

WORDS = """relational conditional rationally dying happily news innings generously caresses ponies
agreed plastered hopping falling filing sky enjoy skies proceed exceeding hesitanci bowdlerize
controlling 's it's adjustment homologou engineering university organisation""".split()


def write(folder, name, about, cases):
    lines = [{"_meta": about}] + cases
    text = "".join(json.dumps(plain(line), ensure_ascii=False) + "\n" for line in lines)
    (folder / f"{name}.jsonl").write_text(text, encoding="utf-8", newline="\n")
    print(f"{name:<24} {len(cases):>4} cases")


def plain(value):
    """JSON's own types; what is not finite becomes text."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(inner) for inner in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        value = float(value)
        return value if math.isfinite(value) else str(value)
    return value


def texts():
    for at, (hyp, refs) in enumerate(TEXTS):
        yield {"id": f"own-{at}", "hyp": hyp, "refs": refs}


# --- sacrebleu ---

BLEU = {
    "13a;exp;eff": {"tokenize": "13a", "smooth_method": "exp", "effective_order": True},
    "13a;none": {"tokenize": "13a", "smooth_method": "none"},
    "intl;floor;lc": {"tokenize": "intl", "smooth_method": "floor", "effective_order": True, "lowercase": True},
    "zh;add-k": {"tokenize": "zh", "smooth_method": "add-k", "effective_order": True},
}
CHRF = {"chrF2": {}, "chrF2++": {"word_order": 2}, "chrF2;eps;lc": {"eps_smoothing": True, "lowercase": True}}
TER = {"default": {}, "norm,asian,case": {"normalized": True, "asian_support": True, "case_sensitive": True}}


def bleu_parts(score):
    return {"score": score.score, "counts": score.counts, "totals": score.totals, "precisions": score.precisions,
            "bp": score.bp, "sys_len": score.sys_len, "ref_len": score.ref_len}


def ter_parts(score):
    return {"score": score.score, "edits": score.num_edits, "ref_len": score.ref_length}


def sacrebleu_families(folder):
    from sacrebleu.metrics import BLEU as Bleu, CHRF as Chrf, TER as Ter
    from sacrebleu.metrics.bleu import _get_tokenizer
    from sacrebleu.significance import PairedTest

    about = {"reference": "sacrebleu 2.6.0"}
    bleus = {name: Bleu(**settings) for name, settings in BLEU.items()}
    chrfs = {name: Chrf(**settings) for name, settings in CHRF.items()}
    ters = {name: Ter(**settings) for name, settings in TER.items()}
    each = list(texts())

    write(folder, "bleu_sentence", {**about, "cfgs": BLEU},
          [{**t, "bleu": {n: bleu_parts(m.sentence_score(t["hyp"], t["refs"])) for n, m in bleus.items()}} for t in each])
    write(folder, "chrf_sentence", {**about, "cfgs": CHRF}, [
        {**t, "chrf": {n: m.sentence_score(t["hyp"], t["refs"]).score for n, m in chrfs.items()},
         "stats_chrF2++": chrfs["chrF2++"]._extract_corpus_statistics([t["hyp"]], [[r] for r in t["refs"]])[0]}
        for t in each])
    write(folder, "ter_sentence", {**about, "cfgs": TER}, [
        {**t, "ter": {n: ter_parts(m.sentence_score(t["hyp"], t["refs"])) for n, m in ters.items()},
         "tok": {n: m.tokenizer(t["hyp"].rstrip()) for n, m in ters.items()}}
        for t in each])
    tokenizers = {name: _get_tokenizer(name)() for name in ("13a", "intl", "char", "zh", "none")}
    write(folder, "sacrebleu_tokenizers", about,
          [{"id": t["id"], "text": t["hyp"], **{n: k(t["hyp"].rstrip()) for n, k in tokenizers.items()}} for t in each])

    hyps = [t["hyp"] for t in each]
    refs = [t["refs"] for t in each]
    most = max(map(len, refs))
    streams = [[r[at] if at < len(r) else None for r in refs] for at in range(most)]
    mean = sum(Bleu(effective_order=True).sentence_score(h, r).score for h, r in zip(hyps, refs)) / len(hyps)
    corpus = {
        "id": "corpus-0", "hyps": hyps, "refs": refs,
        "bleu": {n: bleu_parts(m.corpus_score(hyps, streams)) for n, m in bleus.items()},
        "chrf": {n: m.corpus_score(hyps, streams).score for n, m in chrfs.items()},
        "ter": {n: ter_parts(m.corpus_score(hyps, streams)) for n, m in ters.items()},
        "mean_sentence_bleu": mean,
    }
    write(folder, "sacrebleu_corpus", {**about, "bleu": BLEU, "chrf": CHRF, "ter": TER}, [corpus])

    base, new = [h for h in hyps if h], [t["refs"][0] for t in each if t["hyp"]]
    truth = [t["refs"][-1] for t in each if t["hyp"]]
    os.environ["SACREBLEU_SEED"] = "12345"
    out = {}
    for method in ("bs", "ar"):
        metrics = {"BLEU": Bleu(references=[truth]), "chrF2": Chrf(references=[truth])}
        test = PairedTest([("base", base), ("new", new)], metrics, None, test_type=method, n_samples=1000, n_jobs=1)
        _, scores = test()
        for name, found in scores.items():
            if name != "System":
                short = name.split("|")[0].split(" ")[0]
                out[f"{method}:{short}"] = [
                    {k: v for k, v in (("score", s.score), ("p", s.p_value), ("mean", s.mean), ("ci", s.ci)) if v is not None}
                    for s in found]
    write(folder, "sacrebleu_significance", {"reference": "sacrebleu 2.6.0 PairedTest, n_samples=1000, seed 12345"},
          [{"id": "systems-0", "base": base, "new": new, "refs": truth, "out": out}])


# --- words ---

def rouge(folder):
    from rouge_score.rouge_scorer import RougeScorer

    kinds = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
    triple = lambda scores: {k: list(v) for k, v in scores.items()}
    cases = []
    for t in texts():
        scores = {}
        for stem in (False, True):
            scorer = RougeScorer(kinds, use_stemmer=stem)
            scores[f"stem{int(stem)}"] = {"single": triple(scorer.score(t["refs"][0], t["hyp"])),
                                          "multi": triple(scorer.score_multi(t["refs"], t["hyp"]))}
        cases.append({**t, "rouge": scores})
    write(folder, "rouge", {"reference": "rouge-score 0.1.2"}, cases)


def porter(folder):
    from nltk.stem.porter import PorterStemmer

    modes = {"nltk": "NLTK_EXTENSIONS", "orig": "ORIGINAL_ALGORITHM", "martin": "MARTIN_EXTENSIONS"}
    stemmers = {name: PorterStemmer(mode=mode) for name, mode in modes.items()}
    write(folder, "porter_stems", {"reference": "nltk 3.10.4 PorterStemmer"},
          [{"w": w, **{name: stemmer.stem(w) for name, stemmer in stemmers.items()}} for w in WORDS])


def wordnet():
    """WordNet 3.0 for nltk: its reader, and the one file Debian does not ship."""
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    models = Path(os.environ.get("ASSAY_MODELS_DIR", "")) / "wordnet"
    folder = models if models.is_dir() else Path("/usr/share/wordnet")
    if not folder.is_dir():
        return None
    kinds = "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body " \
            "noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive " \
            "noun.object noun.person noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation " \
            "noun.shape noun.state noun.substance noun.time verb.body verb.change verb.cognition verb.communication " \
            "verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion verb.perception " \
            "verb.possession verb.social verb.stative verb.weather adj.ppl"
    # Copied, because nltk follows no links out of a folder.
    here = Path(tempfile.mkdtemp()) / "wordnet"
    shutil.copytree(folder, here)
    part = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
    lines = [f"{at:02}\t{kind}\t{part[kind.split('.')[0]]}" for at, kind in enumerate(kinds.split())]
    (here / "lexnames").write_text("\n".join(lines) + "\n")
    nltk.data.path.append(str(here))
    return WordNetCorpusReader(str(here), None)


def meteor(folder):
    from nltk.tokenize import NLTKWordTokenizer
    from nltk.translate.meteor_score import meteor_score

    found = wordnet()
    nothing = types.SimpleNamespace(synsets=lambda word: [])
    unstemmed = types.SimpleNamespace(stem=lambda word: word)
    split = NLTKWordTokenizer().tokenize
    cases = []
    for t in texts():
        hyp, refs = split(t["hyp"]), [split(r) for r in t["refs"]]
        scores = {"exact": meteor_score(refs, hyp, stemmer=unstemmed, wordnet=nothing),
                  "stem": meteor_score(refs, hyp, wordnet=nothing)}
        if found:
            scores["wn"] = meteor_score(refs, hyp, wordnet=found)
        words = meteor_score([r.split() for r in t["refs"]], t["hyp"].split(), wordnet=nothing, alpha=0.85, beta=2, gamma=0.6)
        cases.append({**t, "hyp_tok": hyp, "ref_toks": refs, "meteor": {"tok": scores, "ws_a85b2g6": {"stem": words}}})
    write(folder, "meteor", {"reference": "nltk 3.10.4 meteor_score, WordNet 3.0"}, cases)


def word_errors(folder):
    import jiwer

    cases = []
    for t in texts():
        ref = t["refs"][0]
        w, c = jiwer.process_words(ref, t["hyp"]), jiwer.process_characters(ref, t["hyp"])
        s = jiwer.process_words(ref, t["hyp"], jiwer.wer_standardize, jiwer.wer_standardize)
        parts = lambda o: {"hits": o.hits, "sub": o.substitutions, "ins": o.insertions, "del": o.deletions}
        cases.append({**t, "refs": [ref], "words": {"wer": w.wer, "mer": w.mer, "wil": w.wil, "wip": w.wip, **parts(w)},
                      "chars": {"cer": c.cer, **parts(c)}, "wstd": {"wer": s.wer, **parts(s)}})
    write(folder, "jiwer", {"reference": "jiwer 4.0.0"}, cases)


def squad(folder):
    """The functions of SQuAD's own evaluate-v2.0.py."""
    def normalise(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())

    def f1(hyp, ref, empty_is_equal):
        a, b = normalise(hyp).split(), normalise(ref).split()
        if empty_is_equal and (not a or not b):
            return float(a == b)
        same = sum((Counter(a) & Counter(b)).values())
        if same == 0:
            return 0.0
        precision, recall = same / len(a), same / len(b)
        return 2 * precision * recall / (precision + recall)

    write(folder, "squad", {"reference": "SQuAD evaluate-v2.0.py; f1_v11 as evaluate-v1.1.py"}, [
        {**t, "norm_hyp": normalise(t["hyp"]), "norm_refs": [normalise(r) for r in t["refs"]],
         "em": max(int(normalise(t["hyp"]) == normalise(r)) for r in t["refs"]),
         "f1": max(f1(t["hyp"], r, True) for r in t["refs"]), "f1_v11": max(f1(t["hyp"], r, False) for r in t["refs"])}
        for t in texts()])


def edit(folder):
    from rapidfuzz import fuzz
    from rapidfuzz.distance import OSA, DamerauLevenshtein, Indel, Jaro, JaroWinkler, LCSseq, Levenshtein

    def ratio(a, b, junk=True):
        return difflib.SequenceMatcher(None, a, b, autojunk=junk).ratio()

    def measures(h, r):
        return {"levenshtein": Levenshtein.distance(r, h), "lev_norm_sim": Levenshtein.normalized_similarity(r, h),
                "indel": Indel.distance(r, h), "indel_norm_sim": Indel.normalized_similarity(r, h), "fuzz_ratio": fuzz.ratio(r, h),
                "osa": OSA.distance(r, h), "damerau": DamerauLevenshtein.distance(r, h), "jaro": Jaro.similarity(r, h),
                "jaro_winkler": JaroWinkler.similarity(r, h), "lcsseq": LCSseq.similarity(r, h),
                "difflib": ratio(r, h), "difflib_noautojunk": ratio(r, h, False), "difflib_rev": ratio(h, r)}

    write(folder, "edit", {"reference": "rapidfuzz 3.14.6, difflib of Python"},
          [{**t, "refs": t["refs"][:1], "edit": measures(t["hyp"], t["refs"][0])} for t in texts()])


# --- labels ---

def classification(folder):
    from sklearn import metrics as m

    draw = random.Random(5)
    cases = []
    for at, (labels, n) in enumerate([(["no", "yes"], 24), (["bug", "praise", "question"], 30), (["x"], 4)]):
        truth = [draw.choice(labels) for _ in range(n)]
        guess = [t if draw.random() < 0.7 else draw.choice(labels) for t in truth]
        known = sorted(set(truth) | set(guess))
        triple = lambda **how: list(m.precision_recall_fscore_support(truth, guess, labels=known, **how)[:3])
        case = {"id": f"labels-{at}", "y_true": truth, "y_pred": guess,
                "report": m.classification_report(truth, guess, output_dict=True, zero_division=0), "labels": known,
                "confusion": m.confusion_matrix(truth, guess, labels=known), "accuracy": m.accuracy_score(truth, guess),
                "mcc": m.matthews_corrcoef(truth, guess), "micro": triple(average="micro", zero_division=0),
                "macro_zd1": triple(average="macro", zero_division=1)}
        if len(known) > 1:
            case |= {"balanced_accuracy": m.balanced_accuracy_score(truth, guess), "kappa": m.cohen_kappa_score(truth, guess)}
        if known == ["no", "yes"]:
            positive = [round(draw.uniform(0.05, 0.95), 3) for _ in truth]
            proba = [[1 - p, p] for p in positive]
            outcome = [t == "yes" for t in truth]
            case |= {"proba_labels": known, "proba": proba, "pos_label": "yes", "log_loss": m.log_loss(truth, proba, labels=known),
                     "brier": m.brier_score_loss(outcome, positive), "roc_auc": m.roc_auc_score(outcome, positive),
                     "avg_precision": m.average_precision_score(outcome, positive),
                     "ece10_equal_width": calibration_error(positive, outcome)}
        cases.append(case)
    write(folder, "classification", {"reference": "scikit-learn 1.9.1; calibration error by its formula"}, cases)


def calibration_error(positive, outcome, bins=10):
    """The formula: the mean gap of bins of equal width, by their sizes."""
    parts = [[(p, o) for p, o in zip(positive, outcome) if min(int(p * bins), bins - 1) == b] for b in range(bins)]
    gaps = [abs(sum(p for p, _ in part) - sum(o for _, o in part)) for part in parts]
    return sum(gaps) / len(positive)


# --- statistics ---

def numbered(name, cases):
    return [{"id": f"{name}-{at}", **case} for at, case in enumerate(cases)]


def intervals(folder):
    from scipy import stats
    from statsmodels.stats.proportion import proportion_confint

    cases = []
    for x in ([0.2, 0.9, 0.4, 0.4, 1.0, 0.0, 0.7], [3, 5]):
        n, mean, se = len(x), np.mean(x), stats.sem(x)
        out = {"n": n, "mean": mean, "median": np.median(x), "sd": np.std(x, ddof=1), "se": se,
               "p05_p50_p95": np.percentile(x, [5, 50, 95]), "z95": stats.norm.interval(0.95, mean, se)}
        out |= {f"t{c}": stats.t.interval(c / 100, n - 1, mean, se) for c in (90, 95, 99)}
        cases.append({"in": {"x": x}, "out": out})
    for k, n in ((0, 20), (42, 60), (49, 60), (7, 7)):
        names = ("wilson", "beta", "agresti_coull", "jeffreys", "normal")
        cases.append({"in": {"k": k, "n": n, "alpha": 0.05},
                      "out": {name: proportion_confint(k, n, 0.05, method=name) for name in names}})
    write(folder, "stats_ci", {"reference": "scipy 1.17.1, statsmodels 0.15.0"}, numbered("ci", cases))


class Drawing(np.random.Generator):
    """A generator that remembers the resamples it drew."""

    def integers(self, *args, **named):
        drawn = super().integers(*args, **named)
        self.drawn = drawn
        return drawn


def bootstrap(folder):
    from scipy import stats

    x = [0.2, 0.9, 0.4, 0.4, 1.0, 0.0, 0.7]
    out, idx = {}, None
    for method in ("percentile", "basic", "BCa"):
        rng = Drawing(np.random.PCG64(3))
        found = stats.bootstrap((x,), np.mean, n_resamples=99, batch=99, method=method, rng=rng)
        assert idx is None or (idx == rng.drawn).all()
        idx = rng.drawn
        out |= {method: list(found.confidence_interval), "se": found.standard_error}
    write(folder, "stats_bootstrap", {"reference": "scipy 1.17.1 bootstrap"},
          numbered("bootstrap", [{"in": {"x": x, "stat": "mean", "B": 99, "idx": idx}, "out": out}]))


def paired(folder):
    from scipy import stats
    from statsmodels.stats.contingency_tables import mcnemar

    cases = []
    for a, b in (([0.9, 0.4, 0.7, 0.2, 0.8, 0.6], [0.5, 0.4, 0.9, 0.1, 0.3, 0.2]), ([1, 1, 0, 1, 1, 0, 1, 1], [0, 1, 1, 0, 0, 0, 0, 1])):
        d = np.array(a, float) - np.array(b, float)
        test, wins, losses = stats.ttest_rel(a, b), int((d > 0).sum()), int((d < 0).sum())
        low, high = test.confidence_interval()
        exact = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)
        out = {"mean_diff": d.mean(), "win": wins, "loss": losses, "tie": int((d == 0).sum()), "sd_diff": d.std(ddof=1),
               "se_diff": stats.sem(d), "r": stats.pearsonr(a, b).statistic, "dz": d.mean() / d.std(ddof=1),
               "t": {"t": test.statistic, "df": test.df, "p": test.pvalue, "ci95": [low, high]},
               "sign_p": stats.binomtest(wins, wins + losses).pvalue, "perm_exact_p": exact.pvalue, "wilcoxon": {}}
        for zeros in ("wilcox", "pratt", "zsplit"):
            for corrected in (False, True):
                w = stats.wilcoxon(d, zero_method=zeros, correction=corrected, method="asymptotic")
                out["wilcoxon"][f"{zeros},asym,corr={int(corrected)}"] = [w.statistic, w.pvalue, w.zstatistic]
        if set(a) <= {0, 1}:
            table = [[sum(x == i and y == j for x, y in zip(a, b)) for j in (1, 0)] for i in (1, 0)]
            cc0 = mcnemar(table, exact=False, correction=False)
            cc1 = mcnemar(table, exact=False, correction=True)
            out["mcnemar"] = {"table": table, "exact_p": mcnemar(table, exact=True).pvalue,
                              "chi2_cc0": [cc0.statistic, cc0.pvalue], "chi2_cc1": [cc1.statistic, cc1.pvalue]}
        cases.append({"in": {"a": a, "b": b}, "out": out})
    write(folder, "stats_paired", {"reference": "scipy 1.17.1, statsmodels 0.15.0"}, numbered("paired", cases))


def unpaired(folder):
    from scipy import stats

    a, b = [4.1, 5.2, 3.9, 6.0, 5.5], [3.0, 4.4, 2.8, 5.0, 3.1, 2.2]
    welch, student = stats.ttest_ind(a, b, equal_var=False), stats.ttest_ind(a, b)
    u = lambda **how: (lambda t: [t.statistic, t.pvalue])(stats.mannwhitneyu(a, b, **how))
    out = {"welch": [welch.statistic, welch.df, welch.pvalue, *welch.confidence_interval()],
           "student": [student.statistic, student.pvalue], "mwu_exact": u(method="exact"),
           "mwu_cc1": u(method="asymptotic"), "mwu_cc0": u(method="asymptotic", use_continuity=False)}
    write(folder, "stats_unpaired", {"reference": "scipy 1.17.1"}, numbered("unpaired", [{"in": {"a": a, "b": b}, "out": out}]))


def multiple(folder):
    from scipy import stats
    from statsmodels.stats.contingency_tables import cochrans_q
    from statsmodels.stats.multitest import multipletests

    p = [0.011, 0.62, 0.043, 0.001]
    names = ("bonferroni", "sidak", "holm", "holm-sidak", "simes-hochberg", "hommel", "fdr_bh", "fdr_by")
    adjusted = {}
    for name in names:
        reject, adj = multipletests(p, 0.05, name)[:2]
        adjusted[name] = {"adj": adj, "reject": reject}
    scores = [[0.2, 0.8, 0.5, 0.3, 0.6], [0.1, 0.5, 0.6, 0.2, 0.4], [0.7, 0.9, 0.8, 0.4, 0.9]]
    passes = [[1, 0, 1, 1, 0, 1], [0, 0, 1, 1, 0, 0], [1, 1, 1, 1, 0, 1]]
    both = lambda test: [test.statistic, test.pvalue]
    cases = [{"in": {"p": p}, "out": adjusted},
             {"in": {"columns": scores}, "out": {"friedman": both(stats.friedmanchisquare(*scores)), "kruskal": both(stats.kruskal(*scores))}},
             {"in": {"columns": passes}, "out": {"cochrans_q": both(cochrans_q(np.array(passes).T))}}]
    write(folder, "stats_multiple", {"reference": "scipy 1.17.1, statsmodels 0.15.0"}, numbered("multiple", cases))


def correlation(folder):
    from scipy import stats

    x, y = [0.1, 0.4, 0.35, 0.8, 0.7, 0.95, 0.2], [0.3, 0.2, 0.5, 0.9, 0.6, 0.7, 0.1]
    r = stats.pearsonr(x, y)
    both = lambda test: [test.statistic, test.pvalue]
    out = {"pearson": both(r), "pearson_ci95": list(r.confidence_interval()), "spearman": both(stats.spearmanr(x, y)),
           "tau_b": both(stats.kendalltau(x, y, method="asymptotic")),
           "tau_c": both(stats.kendalltau(x, y, variant="c", method="asymptotic")), "tau_auto_p": stats.kendalltau(x, y).pvalue}
    write(folder, "stats_correlation", {"reference": "scipy 1.17.1"}, numbered("correlation", [{"in": {"x": x, "y": y}, "out": out}]))


def agreement(folder):
    import krippendorff
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

    draw = random.Random(9)
    y1 = [draw.randint(0, 2) for _ in range(30)]
    y2 = [y if draw.random() < 0.7 else draw.randint(0, 2) for y in y1]
    labels = [0, 1, 2]
    table = [[sum(a == i and b == j for a, b in zip(y1, y2)) for j in labels] for i in labels]
    sm = cohens_kappa(table)
    weights = {"unweighted": None, "linear": "linear", "quadratic": "quadratic"}
    alphas = lambda data: {f"alpha_{level}": krippendorff.alpha(np.array(data, float), level_of_measurement=level)
                           for level in ("nominal", "ordinal", "interval")}
    two = {name: cohen_kappa_score(y1, y2, labels=labels, weights=how) for name, how in weights.items()}
    two |= {"observed_agreement": np.mean(np.array(y1) == np.array(y2)), **alphas([y1, y2]),
            "sm": {"kappa": sm.kappa, "se": sm.std_kappa, "ci95": [sm.kappa_low, sm.kappa_upp], "se0": sm.std_kappa0,
                   "z": sm.z_value, "p2": sm.pvalue_two_sided}}
    raters = [[draw.randint(1, 3) for _ in range(12)] for _ in range(3)]
    counts = aggregate_raters(np.array(raters).T)[0]
    many = {"fleiss": fleiss_kappa(counts), "randolph": fleiss_kappa(counts, method="randolph"), **alphas(raters)}
    cases = [{"in": {"y1": y1, "y2": y2, "labels": labels}, "out": two},
             {"in": {"raters_x_units": raters, "levels": 3}, "out": many}]
    write(folder, "stats_agreement", {"reference": "scikit-learn 1.9.1, statsmodels 0.15.0, krippendorff 0.9.0"}, numbered("agreement", cases))


def cluster(folder):
    import statsmodels.api as sm
    from scipy import stats

    groups = [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]
    a = [0.8, 0.9, 0.7, 0.2, 0.3, 0.6, 0.5, 0.6, 0.9, 1.0]
    b = [0.5, 0.9, 0.6, 0.3, 0.1, 0.4, 0.6, 0.2, 0.8, 0.9]

    def fitted(y):
        ones = np.ones(len(y))
        se = lambda **how: float(sm.OLS(y, ones).fit(**how).bse[0])
        corrected = se(cov_type="cluster", cov_kwds={"groups": np.array(groups), "use_correction": True})
        reach = stats.t.ppf(0.975, len(set(groups)) - 1) * corrected
        return {"mean": np.mean(y), "se_iid": stats.sem(y), "se_hc0": se(cov_type="HC0"), "se_cluster_corr": corrected,
                "se_cluster": se(cov_type="cluster", cov_kwds={"groups": np.array(groups), "use_correction": False}),
                "t_ci95_dfG1": [np.mean(y) - reach, np.mean(y) + reach]}

    # The runner compares b - a.
    change = [y - x for x, y in zip(a, b)]
    case = {"in": {"cluster": groups, "a": a, "b": b}, "out": {"a": fitted(a), "b": fitted(b), "paired": fitted(change)}}
    write(folder, "stats_cluster", {"reference": "statsmodels 0.15.0 OLS cov_type=cluster"}, numbered("cluster", [case]))


def pairwise(folder):
    import choix

    wins = [[0, 3, 4, 2], [2, 0, 3, 5], [1, 2, 0, 2], [3, 1, 4, 0]]
    strengths = np.array(choix.opt_pairwise(4, [(i, j) for i in range(4) for j in range(4) for _ in range(wins[i][j])], tol=1e-12))
    strengths -= strengths.mean()
    out = {"bt": strengths, "elo": strengths * 400 / math.log(10) + 1000}
    write(folder, "stats_pairwise", {"reference": "choix 0.4.1"}, numbered("pairwise", [{"in": {"items": 4, "counts": wins}, "out": out}]))


def planning(folder):
    from statsmodels.stats.power import NormalIndPower, TTestPower
    from statsmodels.stats.proportion import proportion_effectsize

    cases = []
    for dz, n, alpha, power in ((0.3, 60, 0.05, 0.8), (0.1, 500, 0.01, 0.9)):
        t = TTestPower()
        given = {"effect_dz": dz, "n": n, "alpha": alpha, "power": power, "omega2": 0.16, "s2A": 0.05, "s2B": 0.2, "KA": 4,
                 "KB": 1, "delta": 0.05, "p1": 0.6}
        h = abs(proportion_effectsize(0.6, 0.65))
        out = {"power": t.power(dz, n, alpha), "n_needed": t.solve_power(dz, None, alpha, power), "mde_dz": t.solve_power(None, n, alpha, power),
               "cohen_h": h, "n_per_arm_two_prop": NormalIndPower().solve_power(h, None, alpha, power)}
        cases.append({"in": given, "out": out})
    write(folder, "stats_planning", {"reference": "statsmodels 0.15.0 TTestPower, NormalIndPower"}, numbered("planning", cases))


# --- retrieval ---

def retrieval(folder):
    """The formulas of ragas 0.4.3 and deepeval 4.3.1, written out: neither is worth its size here."""
    def precision(verdicts, epsilon):
        hits = [sum(verdicts[:k + 1]) / (k + 1) for k, v in enumerate(verdicts) if v]
        return sum(hits) / (sum(verdicts) + epsilon) if hits else 0.0

    cases = []
    for ranks, verdicts in (([1, 0, 1], ["yes", "no", "borderline", "yes"]), ([0, 0], ["no"])):
        yes = [v == "yes" for v in verdicts]
        cosines, evasive = [0.8, 0.5, 0.65], [True, False, False]
        cases.append({
            "verdicts_by_rank": ranks, "qag_verdicts": verdicts, "question_cosines": cosines, "noncommittal": evasive,
            "score_token_top_logprobs": [["8", -0.2], ["7", -1.9], ["x", -4.0]], "raw_score": 8,
            "out": {"ragas_context_precision": precision(ranks, 1e-10), "deepeval_contextual_precision": precision(ranks, 0),
                    "ragas_recall_or_faithfulness": sum(ranks) / len(ranks), "deepeval_contextual_recall": sum(ranks) / len(ranks),
                    "deepeval_faithfulness": sum(v != "no" for v in verdicts) / len(verdicts),
                    "deepeval_faithfulness_penalize_ambiguous": sum(yes) / len(verdicts),
                    "ragas_answer_relevancy": sum(cosines) / len(cosines),
                    "geval_weighted_score": (8 * math.exp(-0.2) + 7 * math.exp(-1.9)) / (math.exp(-0.2) + math.exp(-1.9))}})
    write(folder, "rag_judge_arithmetic", {"reference": "formulas of ragas 0.4.3 and deepeval 4.3.1"}, numbered("rag", cases))


# --- embeddings ---

def embeddings(folder):
    try:
        import torch
        from bert_score import score
        from transformers import AutoModel, AutoTokenizer
    except ImportError as missing:
        print(f"without the embedding families: {missing}")
        return
    place = str(Path(os.environ["ASSAY_MODELS_DIR"]) / "all-MiniLM-L6-v2")
    tokenizer, model = AutoTokenizer.from_pretrained(place), AutoModel.from_pretrained(place).eval()

    def embed(text):
        pieces = tokenizer(text, truncation=True, max_length=256, padding=False, return_tensors="pt")
        with torch.no_grad():
            states = model(**pieces).last_hidden_state[0]
        return pieces["input_ids"][0].tolist(), torch.nn.functional.normalize(states.mean(0), dim=0)

    cases = []
    for t in texts():
        (ids, ours), (_, theirs) = embed(t["hyp"]), embed(t["refs"][0])
        cases.append({"id": t["id"], "hyp": t["hyp"], "ref": t["refs"][0], "ids_hyp": ids, "cosine": float(ours @ theirs),
                      "emb8_hyp": ours[:8].tolist()})
    write(folder, "semantic_minilm", {"reference": "transformers 4.57.6, all-MiniLM-L6-v2"}, cases)

    each = list(texts())
    every = {}
    for key, idf in (("prf", False), ("prf_idf", True)):
        every[key] = torch.stack(score([t["hyp"] for t in each], [t["refs"] for t in each], model_type=place, num_layers=6, idf=idf)).T
    write(folder, "bertscore_minilm", {"reference": "bert-score 0.3.13, all-MiniLM-L6-v2"},
          [{**t, **{key: found[at].tolist() for key, found in every.items()}} for at, t in enumerate(each)])


FAMILIES = [sacrebleu_families, rouge, porter, meteor, word_errors, squad, edit, classification, intervals, bootstrap, paired,
            unpaired, multiple, correlation, agreement, cluster, pairwise, planning, retrieval, embeddings]


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        if not sys.argv[2:] or family.__name__ in sys.argv[2:]:
            family(folder)


if __name__ == "__main__":
    main()
