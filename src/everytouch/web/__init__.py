"""The app: pages that show what the library answers, people and their rights, the API."""
