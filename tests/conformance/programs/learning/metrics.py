import numpy as np
from sklearn import metrics

truth, guess = [0, 1, 1, 0, 1, 2, 2, 0], [0, 1, 0, 0, 1, 2, 1, 1]
scores = np.array([0.1, 0.8, 0.35, 0.4, 0.9, 0.2])
binary = np.array([0, 1, 1, 0, 1, 0])
print(metrics.classification_report(truth, guess, digits=3))
result = [metrics.confusion_matrix(truth, guess).tolist(), round(metrics.f1_score(truth, guess, average="macro"), 10), round(metrics.roc_auc_score(binary, scores), 10), [np.round(v, 6).tolist() for v in metrics.roc_curve(binary, scores, drop_intermediate=False)[:2]], round(metrics.average_precision_score(binary, scores), 10), round(metrics.log_loss(binary, scores), 10), round(metrics.matthews_corrcoef(truth, guess), 10), round(metrics.cohen_kappa_score(truth, guess), 10), round(metrics.r2_score([1, 2, 3], [1.1, 1.9, 3.2]), 10), round(metrics.mean_absolute_percentage_error([1, 2], [1.5, 2]), 10), round(metrics.normalized_mutual_info_score(truth, guess), 10), round(metrics.ndcg_score([[1, 0, 2]], [[0.5, 0.2, 0.1]]), 10), np.round(metrics.pairwise.rbf_kernel([[0, 1]], [[1, 1], [2, 3]]), 10).tolist(), round(metrics.brier_score_loss(binary, scores), 10), metrics.pairwise_distances([[0, 0], [3, 4]]).tolist()]
try:
    metrics.accuracy_score([1, 2], [1])
except ValueError as error:
    result.append(str(error))
