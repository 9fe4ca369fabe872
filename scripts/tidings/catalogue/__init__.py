"""The catalogue of workflows and steps: pages for people, linked data for programs, from the declarations."""
