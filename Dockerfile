FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
ARG COMMIT=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT" -o /llmgw ./cmd/llmgw

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /llmgw /llmgw
EXPOSE 8080 7946/tcp 7946/udp 7947
ENTRYPOINT ["/llmgw"]
CMD ["start", "--config", "/etc/llmgw"]
