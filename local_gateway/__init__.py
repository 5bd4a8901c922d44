"""API Gateway's WebSocket data plane on a laptop, in front of an embedded AWS. Never deployed.

cli, settings     what the user says
gateway           everything below, put together
engine/           the embedded AWS, a process that loses nothing
deployment/       the template through CloudFormation, and what came of it read back
functions/        Lambda: worker processes behind the Runtime API
asynchronous/     Lambda's queue: events delivered again until they succeed or are given up
websocket/        API Gateway's rules, pure: values in, values out
data_plane/       connections and invocations, without a socket
http/             the sockets: page, WebSocket and AWS's APIs on one port
"""
