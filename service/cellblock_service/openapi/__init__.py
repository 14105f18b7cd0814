"""The OpenAPI document: what the HTTP side takes and answers, kept by hand beside a test that holds it to the code."""
