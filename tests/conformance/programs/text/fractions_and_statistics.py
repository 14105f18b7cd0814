import statistics
from fractions import Fraction

f = Fraction("3.125") + Fraction(1, 3)
data = [2.5, 3.25, 5.5, 11.25, 11.75, 2.5]
result = [
    f, f.limit_denominator(10), Fraction(0.1), float(Fraction(1, 7)), Fraction(7, 2) // 1, Fraction(-7, 2) % 1, round(Fraction(5, 2)), f"{Fraction(1, 3):.4f}",
    statistics.mean(data), statistics.median(data), statistics.mode(data), statistics.stdev(data), statistics.pvariance(data), statistics.quantiles(data, n=4),
    statistics.harmonic_mean(data), statistics.geometric_mean(data), statistics.fmean(data), statistics.linear_regression([1, 2, 3], [2, 4.1, 5.9]),
    statistics.correlation([1, 2, 3], [1, 5, 7]), statistics.NormalDist(10, 2).cdf(12), statistics.NormalDist.from_samples(data).stdev, statistics.multimode("aabb"),
    statistics.kde(data, h=1.0)(3.0),
]
