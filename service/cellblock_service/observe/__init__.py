"""What operators see of the service: logs, metrics, and the id that ties a request to its lines."""
