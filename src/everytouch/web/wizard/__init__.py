"""The import wizard: an uploaded file, how its columns are used, what an import would do."""
