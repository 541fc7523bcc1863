"""The course: its assignments and points, its limits, and nbgrader's settings.

This is the one file that knows this course. nbgrader's command line reads it through
`nbgrader_config.py`, and so do its JupyterLab extensions; the `autograder` command reads it
directly. Settings of the `c.Grading` section are explained in `autograder/course/model.py`.
"""

c = get_config()

c.Grading.title = "Deep learning: gradient descent and backpropagation"

c.Grading.assignments = {
    "gradient_descent": {
        "gradient_basic": {
            "test_sigmoid": 3,
            "test_sse": 3,
            "test_neuron_output": 2,
            "test_error_term": 4,
            "test_weight_step": 5,
            "test_weight_step_outputs": 3,
        },
        "gradient": {
            "test_epoch_step": 7,
            "test_train": 5,
            "test_mse": 2,
            "test_accuracy": 2,
            "test_descend": 4,
        },
    },
    "multilayer_perceptrons": {
        "multilayer": {
            "test_init_weights": 2,
            "test_hidden_input": 3,
            "test_column_vector": 2,
            "test_hidden_input_column": 2,
            "test_forward": 4,
            "test_forward_batch": 2,
        },
    },
    "backpropagation": {
        "backprop_basic": {
            "test_output_error_term": 4,
            "test_hidden_error_term": 5,
            "test_hidden_error_term_outputs": 2,
            "test_weight_steps": 4,
            "test_backprop_step": 3,
            "test_gradient_scale": 2,
        },
        "backprop": {
            "test_forward_pass": 4,
            "test_backward_pass": 8,
            "test_update_weights": 3,
            "test_train": 6,
            "test_loss": 2,
            "test_accuracy": 2,
        },
    },
}

c.Grading.limits = {"call_wall_s": 5.0, "cell_wall_s": 20.0, "submission_wall_s": 60.0}

# nbgrader ---------------------------------------------------------------------------------------
c.CourseDirectory.course_id = "deeplearning"

# Nothing but notebooks and public data is released; append, so that nbgrader's defaults stay.
c.CourseDirectory.ignore.extend(
    ["*.py", "test_*", "reference*", "mistakes*", "variants*", "__pycache__"]
)

# What a student wrote is shown to instructors without anything that could run.
c.HTMLExporter.preprocessors = ["autograder.nbgrader_plugin.HarmlessCells"]

# What a student finds in place of a solution, and what the tests cell says until it is replaced.
c.ClearSolutions.code_stub = {
    "python": "# YOUR CODE HERE\n"
    'raise NotImplementedError("Not done yet: replace this line by your code, run this cell, '
    'then the next one.")'
}

# `nbgrader autograde` and formgrader's button grade as `autograder grade` does.
c.Autograde.exporter_class = "autograder.nbgrader_plugin.SubmissionExporter"
