/*
 * The numbers of the msgpack extension types, the same in guest/values/.
 */
"use strict";

module.exports = Object.freeze({
    BIG_INT: 1, NDARRAY: 2, DATAFRAME: 3, SERIES: 4, DATETIME: 5, DATE: 6, TIME: 7, TIMEDELTA: 8, DECIMAL: 9,
    COMPLEX: 10, SET: 11, TUPLE: 12, PICTURE: 13,
});
