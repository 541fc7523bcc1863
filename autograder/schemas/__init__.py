"""JSON Schemas (2020-12) of every JSON text that the product writes for other programs.

| file                     | describes                                                         |
|--------------------------|-------------------------------------------------------------------|
| `report`                 | the files of `reports/`; `autograder check --json`                |
| `student_report`, `class` | `autograder report --json`; the lines of `autograder grade --json` |
| `grade`, `build`, `prove`, `doctor` | what these commands print with `--json`                |
| `attempt`, `attempts`, `attempt_details` | `api/attempts`, `api/attempts/<id>`, `events`     |
| `own`                    | `api/own`, as JupyterLab asks for it                              |
| `ruling_request`         | the body of `POST api/attempts/<id>/ruling`                       |
| `regrade_request`, `regrade` | `api/regrade`, `api/regrade/<id>`                             |
| `class_event`, `error`   | `class/events`, refusals of the service                           |
| `health`, `ready`        | `healthz`; `livez` and `readyz`                                   |

The files name each other by relative references. Nothing here is imported by the grader.
"""
