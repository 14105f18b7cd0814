import numpy as np
from scipy import ndimage

rng = np.random.default_rng(17)
image = rng.uniform(size=(20, 20))
mask = image > 0.6
labels, count = ndimage.label(mask)
show = lambda values: np.round(np.ravel(values)[:6], 8).tolist()
result = [show(ndimage.gaussian_filter(image, 1.5)), show(ndimage.median_filter(image, 3)), show(ndimage.sobel(image)), show(ndimage.zoom(image, 1.7)), ndimage.zoom(image, 0.5).shape, show(ndimage.rotate(image, 30, reshape=False)), show(ndimage.shift(image, [0.5, -1.2], mode="nearest")), count, ndimage.sum_labels(image, labels, range(1, 4)).round(8).tolist(), show(ndimage.center_of_mass(mask)), int(ndimage.binary_opening(mask).sum()), int(ndimage.binary_fill_holes(mask).sum()), show(ndimage.distance_transform_edt(mask)), show(ndimage.map_coordinates(image, [[1.5, 2.2], [3.3, 4.4]], order=3)), show(ndimage.affine_transform(image, [[0.9, 0.1], [-0.1, 0.9]])), show(ndimage.generic_filter(image, np.ptp, 3)), show(ndimage.uniform_filter1d(image, 4)), ndimage.find_objects(labels)[0], show(ndimage.grey_dilation(image, 3)), ndimage.maximum_position(image), show(ndimage.laplace(image)), ndimage.watershed_ift(np.uint8(image * 255), np.eye(20, dtype="i4")).sum().item(), show(ndimage.fourier_gaussian(np.fft.fft2(image), 1).real)]
