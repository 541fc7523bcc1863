"""JupyterHub for one course on one machine; settings that differ between machines are in hub.toml.

The hub is root and starts each user's server under that user's own account. Two services run as the
course's owner: `grading` (this project: grades on arrival, shows marks and feedback) and the
course's formgrader, named like the course because nbgrader expects that. Servers and services have
the fewest scopes that work.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hub_marks import SCOPE, SCOPES, forget_marks, marks_for
from hub_owner import without
from hub_services import keep_promptly
from hub_settings import Settings

c = get_config()
settings = Settings.load(Path(os.environ.get("AUTOGRADER_HUB", "/etc/autograder-hub/hub.toml")))
hub, course, places, ports = settings.hub, settings.course, settings.places, settings.ports

# The hub and its proxy --------------------------------------------------------------------------
c.JupyterHub.bind_url = hub.address
c.JupyterHub.ssl_key, c.JupyterHub.ssl_cert = hub.tls_key, hub.tls_certificate
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{ports.hub}"
c.JupyterHub.db_url = f"sqlite:///{places.state / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(places.state / "cookie_secret")
# Keep sessions and tokens out of the hub's log, which others may read or get a copy of.
c.JupyterHub.logging_config = {
    "filters": {"discretion": {"()": "autograder.service.logs.Discretion"}},
    "handlers": {"console": {"filters": ["discretion"]}},
}
# What people read in the hub's menu.
c.JupyterHub.template_paths = [str(settings.folder / "templates")]
c.JupyterHub.template_vars = {"service_names": {"grading": "Marks", course.id: "Formgrader"}}
c.ConfigurableHTTPProxy.command = [str(places.proxy)]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{ports.proxy}"
c.ConfigurableHTTPProxy.pid_file = str(places.state / "proxy.pid")
# Students' servers outlive a restart of the hub, which finds them again.
c.JupyterHub.cleanup_servers = False

# Who is who -------------------------------------------------------------------------------------
c.JupyterHub.authenticator_class = hub.authenticator
c.Authenticator.admin_users = set(hub.admins)
# Users are those in hub.toml and those added on the admin page. An account alone is not enough.
c.Authenticator.allow_existing_users = True
c.Authenticator.allowed_users = {*hub.admins, *course.instructors, *course.students}
c.JupyterHub.load_groups = {
    course.student_group: {"users": course.students},
    course.instructor_group: {"users": [*course.instructors, course.owner]},
}

# Servers of the users ---------------------------------------------------------------------------
STUDENT_SCOPES = [
    "users:activity!user",
    "access:servers!server",
    # nbgrader asks which courses the user of a server is in.
    "read:users:name!user",
    "read:users:groups!user",
]
# nbgrader's course list asks for the course's formgrader.
INSTRUCTOR_SCOPES = [*STUDENT_SCOPES, "list:services", f"read:services!service={course.id}"]


def teaches(spawner):
    """Whether a server is an instructor's."""
    return course.instructor_group in {group.name for group in spawner.user.groups}


GRADING = f"http://127.0.0.1:{ports.grading}"


def prepare(spawner):
    """Give a server the nbgrader extensions of its user's role, and marks in JupyterLab.

    The extensions are listed in jupyter/ beside this file.
    """
    role = "instructor" if teaches(spawner) else "student"
    spawner.environment = {
        **COMMON,
        "JUPYTER_CONFIG_PATH": settings.jupyter_path(role),
        **marks_for(spawner, [f"{GRADING}/services/grading/"]),
    }


LOGGED = """
umask=$(umask); umask 077; log="$HOME/$0"
[ ! -e "$log" ] || mv -f "$log" "$log.1"
(: >"$log") 2>/dev/null || log=/dev/null
umask "$umask"; exec "$@" >"$log" 2>&1
"""


def logged_to(file: str) -> list[str]:
    """A prefix for a command that sends its output to a file in its user's home.

    nbgrader logs the names of folders and files through which submissions and feedback can be read.
    Only their user may see those, so they stay out of the hub's log.
    """
    return ["/bin/sh", "-c", LOGGED, file]


COMMON = {"PATH": f"{places.scripts}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
c.JupyterHub.spawner_class = "localprocess"
c.Spawner.cmd = [*logged_to(".jupyter-server.log"), str(places.scripts / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.env_keep = []
c.Spawner.environment = COMMON
c.Spawner.pre_spawn_hook = prepare
c.Spawner.post_stop_hook = forget_marks
c.JupyterHub.custom_scopes = SCOPES
c.Spawner.server_token_scopes = lambda spawner: (
    INSTRUCTOR_SCOPES if teaches(spawner) else STUDENT_SCOPES
)
c.LocalProcessSpawner.interrupt_timeout = 5

# The two services -------------------------------------------------------------------------------
keep_promptly({"grading": ports.grading})
# Services end with the hub, however it ends, so that a new one finds their ports free.
WITH_HUB = ["/usr/bin/setpriv", "--pdeathsig", "TERM"]
HOME = str(settings.owner_home)
AS_OWNER = {**COMMON, "HOME": HOME, "JUPYTER_CONFIG_PATH": settings.jupyter_path("owner")}

c.JupyterHub.services = [
    {
        "name": "grading",
        "url": GRADING,
        "command": [
            *(*WITH_HUB, str(places.scripts / "autograder"), "serve"),
            *("--course", str(settings.course_folder)),
        ],
        "user": course.owner,
        "cwd": HOME,
        "environment": AS_OWNER,
        "oauth_no_confirm": True,
    },
    {
        "name": course.id,
        "url": f"http://127.0.0.1:{ports.formgrader}",
        "command": [
            *(*WITH_HUB, *logged_to("formgrader.log")),
            str(places.scripts / "jupyterhub-singleuser"),
            f"--ServerApp.root_dir={HOME}",
        ],
        "user": course.owner,
        # nbgrader's extensions use the course in the folder where they start.
        "cwd": str(settings.course_folder),
        "environment": {**AS_OWNER, "JUPYTERHUB_USER": course.owner},
        "oauth_no_confirm": True,
    },
]
c.JupyterHub.load_roles = [
    {
        "name": "students-of-the-course",
        "groups": [course.student_group],
        "scopes": ["access:services!service=grading", SCOPE],
    },
    {
        "name": "instructors-of-the-course",
        "groups": [course.instructor_group],
        "scopes": [
            "access:services!service=grading",
            SCOPE,
            f"access:services!service={course.id}",
            f"read:services!service={course.id}",
            "list:services",
        ],
    },
    {
        # The members of the course, so that the class page shows those without submissions too.
        "name": "roster-of-the-course",
        "services": ["grading"],
        "scopes": [f"read:groups!group={course.student_group}"],
    },
    {
        # nbgrader's formgrader asks the hub for the course of its account and, when an instructor
        # adds or removes a student, for the members of the course.
        "name": "formgrader-of-the-course",
        "services": [course.id],
        "scopes": [
            f"read:users:name!user={course.owner}",
            f"read:users:groups!user={course.owner}",
            f"list:groups!group={course.student_group}",
            f"groups!group={course.student_group}",
        ],
    },
]

if hub.extra_config:
    exec(compile(Path(hub.extra_config).read_text(), hub.extra_config, "exec"))

# Last, so that it applies to the authenticator that extra_config may have set.
c.JupyterHub.authenticator_class = without(course.owner, c.JupyterHub.authenticator_class)
