# SPDX-License-Identifier: MIT
"""The client library: how a program asks comard for something. `comar.Link` is its door.

From the outside in: link, models (`link.System.Service["apache"].start`), options (what calls take
besides their arguments), caller (how a call is put together), bus (the connection), values, names, errors.
"""
