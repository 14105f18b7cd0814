import numpy as np
from scipy import stats

rng = np.random.default_rng(8)
a, b = rng.normal(0, 1, 40), rng.normal(0.5, 1.2, 45)
show = lambda outcome: [round(float(outcome.statistic), 8), float(f"{outcome.pvalue:.6e}")]
result = [
    show(stats.ttest_ind(a, b, equal_var=False)), show(stats.ttest_rel(a, b[:40])), show(stats.mannwhitneyu(a, b)), show(stats.wilcoxon(a, b[:40])), show(stats.ks_2samp(a, b)), show(stats.kruskal(a, b)), show(stats.shapiro(a)), show(stats.normaltest(a)), show(stats.f_oneway(a, b, a + 1)), show(stats.pearsonr(a, b[:40])), show(stats.spearmanr(a, b[:40])), show(stats.kendalltau(a, b[:40])), show(stats.chi2_contingency([[10, 20], [30, 15]])), show(stats.fisher_exact([[3, 1], [2, 9]])), show(stats.levene(a, b)), show(stats.anderson_ksamp([a, b], method=stats.PermutationMethod(n_resamples=99, rng=np.random.default_rng(0)))) if False else None, show(stats.linregress(a, b[:40])) if hasattr(stats.linregress(a, b[:40]), "statistic") else [round(v, 8) for v in stats.linregress(a, b[:40])], round(stats.trim_mean(a, 0.1), 10), stats.describe(a).nobs, np.round(stats.zscore(a)[:3], 8).tolist(), stats.rankdata([3, 1, 3]).tolist(), np.round(stats.bootstrap((a,), np.mean, rng=np.random.default_rng(1), n_resamples=200).standard_error, 8), np.round(stats.boxcox(np.abs(a) + 1)[1], 6), np.round(stats.sem(a), 10),
]
