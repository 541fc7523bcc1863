"""The course owner's server, which instructors open as the service named like the course."""

c = get_config()

# Open formgrader first; JupyterLab is at /lab.
c.ServerApp.default_url = "/formgrader"
# nbgrader's menu in JupyterLab shows formgrader in a frame. Only pages of this hub may do that, and
# only with this server. Without this line the menu's tab stays empty and everything else works.
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
